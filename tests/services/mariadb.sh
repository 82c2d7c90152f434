# MariaDB: database "suite", with TLS for who asks for it, and users with all rights on that database:
#   suite       the password of PROMON_TEST_MYSQL_PASSWORD
#   open        no password
#   encrypted   no password, by TLS only
# The superuser is root, without a password. It does not outlast a power failure, but a killed server loses no commit.

mariadb_program()
{
    for path in "$(command -v "$1" || :)" /usr/sbin/"$1"; do
        [ -x "$path" ] && echo "$path" && return
    done
    die "$1 was not found; tests/harness/deps test installs it"
}

mariadb_as()
{
    as_user "$(service_user mysql)" "$@"
}

mariadb_prepare()
{
    own_folder "$(service_user mysql)" "$1"
    make_certificates "$(service_user mysql)" "$1/certs"
    # Without --no-defaults it would take the settings of the server of this machine.
    mariadb_as "$(mariadb_program mariadb-install-db)" --no-defaults --datadir="$1/data" --skip-test-db \
        --auth-root-authentication-method=normal --skip-name-resolve --innodb-log-file-size=8M \
        --innodb-flush-log-at-trx-commit=0 >"$1/install.log" 2>&1 ||
        { cat "$1/install.log" >&2; die "mariadb-install-db failed"; }
    mariadb_as tee "$1/users.sql" >/dev/null <<SQL
CREATE DATABASE suite CHARACTER SET utf8mb4;
CREATE USER suite IDENTIFIED BY '$(special_password | escaped "'\\\\")';
CREATE USER open;
CREATE USER encrypted REQUIRE SSL;
GRANT ALL ON suite.* TO suite;
GRANT ALL ON suite.* TO open;
GRANT ALL ON suite.* TO encrypted;
SQL
}

mariadb_launch()
{
    launch "$1" server "$(service_user mysql)" "$(mariadb_program mariadbd)" --no-defaults --datadir="$1/data" \
        --bind-address=127.0.0.1 --port="$(cat "$1/port")" --socket="$1/socket" --pid-file="$1/mariadbd.pid" \
        --skip-name-resolve --character-set-server=utf8mb4 --innodb-buffer-pool-size=32M \
        --innodb-log-file-size=8M --innodb-flush-log-at-trx-commit=2 --performance-schema=OFF \
        --ssl-ca="$1/certs/ca.pem" --ssl-cert="$1/certs/server.pem" --ssl-key="$1/certs/server.key"
    until_ready 120 mariadb_client "$1" --execute='SELECT 1' || return 1
    [ -e "$1/ready" ] || mariadb_client "$1" <"$1/users.sql" >"$1/users.log" 2>&1
}

mariadb_client()
{
    client_at=$1
    shift
    mariadb --no-defaults --user=root --socket="$client_at/socket" --connect-timeout=5 \
        --default-character-set=utf8mb4 "$@"
}

mariadb_start()
{
    start_on_port mariadb "$1"
}

mariadb_pids()
{
    pid_of "$1" server
}

mariadb_stop()
{
    end_processes 20 $(mariadb_pids "$1")
}

mariadb_environment()
{
    port=$(cat "$1/port")
    echo "PROMON_TEST_MYSQL_PORT=$port"
    echo "PROMON_TEST_MYSQL_SOCKET=$1/socket"
    echo "PROMON_TEST_MYSQL_DATABASE=suite"
    echo "PROMON_TEST_MYSQL_USER=suite"
    echo "PROMON_TEST_MYSQL_PASSWORD=$(special_password)"
    echo "PROMON_TEST_MYSQL_OPEN_USER=open"
    echo "PROMON_TEST_MYSQL_TLS_USER=encrypted"
    echo "PROMON_TEST_MYSQL_CERTS=$1/certs"
    echo "PROMON_TEST_MYSQL_CTL=$1/ctl"
}
