# Redis: two servers, on loopback ports in a row: an open one, by TLS too, and one with passwords. Nothing is saved.
#   open      no password, everything is allowed; +1 is its TLS port
#   guarded   +2; the password of PROMON_TEST_REDIS_PASSWORD for everything ("requirepass", so also as user
#             "default"), reader/reader for reading only, nothing/nothing for nothing at all but to log in

redis_as()
{
    as_user "$(service_user redis)" "$@"
}

redis_prepare()
{
    own_folder "$(service_user redis)" "$1"
    make_certificates "$(service_user redis)" "$1/certs"
}

# The title of a process would hide its command line.
redis_configure()
{
    port=$(cat "$1/port")
    redis_as mkdir -p "$1/open" "$1/guarded"
    redis_as tee "$1/open.conf" >/dev/null <<CONF
bind 127.0.0.1
port $port
unixsocket $1/open/socket
dir $1/open
save ""
set-proc-title no
tls-port $((port + 1))
tls-cert-file $1/certs/server.pem
tls-key-file $1/certs/server.key
tls-ca-cert-file $1/certs/ca.pem
tls-auth-clients no
CONF
    redis_as tee "$1/guarded.conf" >/dev/null <<CONF
bind 127.0.0.1
port $((port + 2))
unixsocket $1/guarded/socket
dir $1/guarded
save ""
set-proc-title no
requirepass "$(special_password | escaped '"\\')"
user reader on >reader ~* &* -@all +@read +@connection
user nothing on >nothing -@all +auth +hello
CONF
}

redis_launch()
{
    redis_configure "$1"
    for name in open guarded; do
        launch "$1" "$name" "$(service_user redis)" redis-server "$1/$name.conf"
        until_ready 60 redis_answers "$1/$name/socket" || return 1
    done
}

# A server that asks for a password answers too.
redis_answers()
{
    case $(timeout 5 redis-cli -s "$1" ping 2>&1) in PONG | NOAUTH*) ;; *) return 1 ;; esac
}

redis_start()
{
    start_on_port redis "$1"
}

redis_pids()
{
    pid_of "$1" open
    pid_of "$1" guarded
}

redis_stop()
{
    end_processes 10 $(redis_pids "$1")
}

redis_environment()
{
    port=$(cat "$1/port")
    echo "PROMON_TEST_REDIS_PORT=$port"
    echo "PROMON_TEST_REDIS_TLS_PORT=$((port + 1))"
    echo "PROMON_TEST_REDIS_AUTH_PORT=$((port + 2))"
    echo "PROMON_TEST_REDIS_PASSWORD=$(special_password)"
    echo "PROMON_TEST_REDIS_CERTS=$1/certs"
    echo "PROMON_TEST_REDIS_CTL=$1/ctl"
}
