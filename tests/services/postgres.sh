# PostgreSQL: one cluster, superuser and database "suite", no password, with TLS for who asks for it. User
# "guarded" needs the password of PROMON_TEST_POSTGRES_PASSWORD. The newest installed version is taken.
# It does not outlast a power failure (POSTGRES_DURABLE=yes for that), but a killed server loses no commit.

postgres_program()
{
    for path in $(ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null | sort -t/ -k5 -rn) "$(command -v "$1" || :)"; do
        [ -x "$path" ] && echo "$path" && return
    done
    die "$1 was not found; tests/harness/deps test installs it"
}

postgres_as()
{
    as_user "$(service_user postgres)" "$@"
}

postgres_prepare()
{
    own_folder "$(service_user postgres)" "$1"
    postgres_as "$(postgres_program initdb)" --pgdata="$1/data" --username=suite --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >"$1/initdb.log" 2>&1 ||
        { cat "$1/initdb.log" >&2; die "initdb failed"; }
    make_certificates "$(service_user postgres)" "$1/certs"
    postgres_as tee "$1/data/pg_hba.conf" >/dev/null <<'HBA'
local all guarded scram-sha-256
host all guarded 127.0.0.1/32 scram-sha-256
local all all trust
host all all 127.0.0.1/32 trust
local replication all trust
host replication all 127.0.0.1/32 trust
HBA
    # Shared memory of its own, mapped from its own folder: a killed server leaves nothing in /dev/shm.
    postgres_as tee "$1/data/postgresql.auto.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$1'
dynamic_shared_memory_type = mmap
shared_buffers = 64MB
max_connections = 200
logging_collector = off
log_timezone = 'UTC'
timezone = 'UTC'
ssl = on
ssl_ca_file = '$1/certs/ca.pem'
ssl_cert_file = '$1/certs/server.pem'
ssl_key_file = '$1/certs/server.key'
CONF
    [ "${POSTGRES_DURABLE:-no}" = yes ] || postgres_as tee -a "$1/data/postgresql.auto.conf" >/dev/null <<CONF
fsync = off
full_page_writes = off
CONF
}

# The port stays the same for the life of the cluster, so that clients may come back after a restart.
postgres_start()
{
    main=$(postgres_main_pid "$1")
    # To PostgreSQL a killed server that nobody has reaped looks alive.
    [ -z "$main" ] || is_alive "$main" || postgres_remove_traces "$1"
    for attempt in 1 2 3 4 5; do
        [ -s "$1/port" ] || random_port >"$1/port"
        if postgres_as "$(postgres_program pg_ctl)" start --pgdata="$1/data" --log="$1/data/server.log" \
            --silent --wait --timeout=60 --options="-p $(cat "$1/port")" >"$1/start.log" 2>&1; then
            postgres_make_database "$1"
            write_ctl postgres "$1"
            return
        fi
        [ ! -e "$1/ready" ] && grep -q 'Address already in use' "$1/data/server.log" || break
        rm -f "$1/port" "$1/data/server.log"
    done
    cat "$1/start.log" "$1/data/server.log" >&2
    die "PostgreSQL did not start"
}

postgres_make_database()
{
    [ -e "$1/ready" ] && return
    "$(postgres_program psql)" --quiet --no-psqlrc --host="$1" --port="$(cat "$1/port")" --username=suite \
        --dbname=postgres --command='CREATE DATABASE suite' </dev/null
    postgres_make_guarded "$1"
    touch "$1/ready"
}

postgres_make_guarded()
{
    PGCLIENTENCODING=UTF8 "$(postgres_program psql)" --quiet --no-psqlrc --host="$1" --port="$(cat "$1/port")" \
        --username=suite --dbname=suite <<SQL
CREATE ROLE guarded LOGIN PASSWORD '$(special_password | sed "s/'/''/g")';
SQL
}

postgres_main_pid()
{
    [ ! -r "$1/data/postmaster.pid" ] || head -n 1 "$1/data/postmaster.pid"
}

postgres_pids()
{
    main=$(postgres_main_pid "$1")
    [ -n "$main" ] || return 0
    echo "$main"
    children_of "$main"
}

postgres_stop()
{
    pids=$(postgres_pids "$1" | tr '\n' ' ')
    if [ -n "$pids" ] && is_alive "${pids%% *}"; then
        kill -CONT $pids 2>/dev/null || :
        kill -QUIT "${pids%% *}" 2>/dev/null || :
        wait_for_end 10 $pids || kill -KILL $pids 2>/dev/null || :
        wait_for_end 10 $pids || die "PostgreSQL does not end"
    fi
    postgres_remove_traces "$1"
}

# A server that was killed leaves lock files and a System V segment, which line 7 of the lock file names, "KEY ID".
postgres_remove_traces()
{
    [ -r "$1/data/postmaster.pid" ] || return 0
    segment=$(sed -n '7s/^ *[0-9]* *\([0-9]*\) *$/\1/p' "$1/data/postmaster.pid")
    [ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null || :
    rm -f "$1/data/postmaster.pid" "$1"/.s.PGSQL.*
}

postgres_environment()
{
    port=$(cat "$1/port")
    # Left to itself, libpq would take TLS where it is offered.
    echo "MINIORM_TEST_POSTGRES_URL=postgresql://suite@127.0.0.1:$port/suite?sslmode=disable"
    echo "MINIORM_TEST_POSTGRES_PORT=$port"
    echo "MINIORM_TEST_POSTGRES_SOCKET=$1"
    echo "PROMON_TEST_POSTGRES_PORT=$port"
    echo "PROMON_TEST_POSTGRES_DATABASE=suite"
    echo "PROMON_TEST_POSTGRES_USER=guarded"
    echo "PROMON_TEST_POSTGRES_PASSWORD=$(special_password)"
    echo "PROMON_TEST_POSTGRES_OPEN_USER=suite"
    echo "PROMON_TEST_POSTGRES_CERTS=$1/certs"
    echo "PROMON_TEST_POSTGRES_CTL=$1/ctl"
}
