# RabbitMQ: one node with a name service (epmd), a cookie, certificates and users of its own, on four loopback
# ports in a row: AMQP, AMQP over TLS, distribution, name service.
#   guest/guest              everything, on "/" and "test"
#   suite/"p@ss:wörd/%"      everything, on "test" only
#   limited/limited          may log in to "/", and nothing else
#   guarded                  everything, on "a/b c" only; the password of PROMON_TEST_RABBITMQ_PASSWORD
# The certificate of the client logs in as guest (EXTERNAL). Persistent messages survive a kill.

rabbitmq_program()
{
    for path in /usr/lib/rabbitmq/bin/"$1" "$(command -v "$1" || :)"; do
        [ -x "$path" ] && echo "$path" && return
    done
    die "$1 was not found; tests/harness/deps test installs it"
}

rabbitmq_as()
{
    as_user "$(service_user rabbitmq)" "$@"
}

# rabbitmq_run DIR COMMAND...: in the environment of the node, and in no other; first NAME=VALUE may be added.
rabbitmq_run()
{
    at=$1
    port=$(cat "$1/port")
    shift
    rabbitmq_as env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME="$at" \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((port + 3)) \
        RABBITMQ_NODENAME="suite$port@localhost" RABBITMQ_DIST_PORT=$((port + 2)) \
        RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$at/rabbitmq" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$at/advanced.config" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$at/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$at/mnesia" RABBITMQ_LOG_BASE="$at/log" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_CTL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        RUNNING_UNDER_SYSTEMD=true "$@"
}

rabbitmq_prepare()
{
    own_folder "$(service_user rabbitmq)" "$1"
    rabbitmq_as mkdir "$1/mnesia" "$1/log"
    random_bytes=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    rabbitmq_as sh -c 'umask 077; printf %s "$2" >"$1/.erlang.cookie"' sh "$1" "$random_bytes"
    rabbitmq_as tee "$1/enabled_plugins" >/dev/null <<'PLUGINS'
[rabbitmq_auth_mechanism_ssl].
PLUGINS
    rabbitmq_as tee "$1/definitions.json" >/dev/null <<DEFINITIONS
{
    "vhosts": [{"name": "/"}, {"name": "test"}, {"name": "a/b c"}],
    "users": [
        {"name": "guest", "password": "guest", "tags": "administrator"},
        {"name": "suite", "password": "p@ss:wörd/%", "tags": ""},
        {"name": "limited", "password": "limited", "tags": ""},
        {"name": "guarded", "password": "$(special_password | escaped '"\\')", "tags": ""}
    ],
    "permissions": [
        {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": "guest", "vhost": "test", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": "suite", "vhost": "test", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": "limited", "vhost": "/", "configure": "^$", "write": "^$", "read": "^$"},
        {"user": "guarded", "vhost": "a/b c", "configure": ".*", "write": ".*", "read": ".*"}
    ]
}
DEFINITIONS
    make_certificates "$(service_user rabbitmq)" "$1/certs"
}

rabbitmq_configure()
{
    port=$(cat "$1/port")
    rabbitmq_as tee "$1/rabbitmq.conf" >/dev/null <<CONF
listeners.tcp.1 = 127.0.0.1:$port
listeners.ssl.1 = 127.0.0.1:$((port + 1))
ssl_options.cacertfile = $1/certs/ca.pem
ssl_options.certfile = $1/certs/server.pem
ssl_options.keyfile = $1/certs/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
load_definitions = $1/definitions.json
disk_free_limit.absolute = 1MB
log.console = false
log.file.level = info
raft.wal_max_size_bytes = 16000000
CONF
    # How long a quorum queue waits before it hands on once more what has not arrived; else three minutes.
    rabbitmq_as tee "$1/advanced.config" >/dev/null <<'CONFIG'
[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].
CONFIG
}

# The ports stay the same for the life of the node, so that clients may come back after a restart.
rabbitmq_start()
{
    for attempt in 1 2 3 4 5; do
        [ -s "$1/port" ] || random_port >"$1/port"
        rabbitmq_configure "$1"
        rabbitmq_launch "$1"
        if rabbitmq_wait_until_ready "$1"; then
            touch "$1/ready"
            rabbitmq_write_ctl "$1"
            return
        fi
        rabbitmq_kill "$1"
        [ ! -e "$1/ready" ] && grep -qs -e eaddrinuse -e 'in use' "$1/log/"* || break
        rm -f "$1/port"
    done
    cat "$1/log/output" "$1/log/"suite*.log >&2 || :
    die "RabbitMQ did not start"
}

rabbitmq_log()
{
    echo "$1/log/suite$(cat "$1/port")@localhost.log"
}

# SUITE_RABBITMQ in the environment of a process tells whose it is, also when its parent is gone.
rabbitmq_launch()
{
    rm -f "$1/pid"
    [ ! -e "$(rabbitmq_log "$1")" ] || mv "$(rabbitmq_log "$1")" "$1/log/before.log"
    rabbitmq_run "$1" SUITE_RABBITMQ="$1" setsid -f sh -c '
        exec </dev/null >"$1/log/output" 2>&1
        epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
        echo $$ >"$1/pid"
        exec "$2"
    ' sh "$1" "$(rabbitmq_program rabbitmq-server)"
}

rabbitmq_wait_until_ready()
{
    tries=1200
    while [ "$((tries -= 1))" -gt 0 ]; do
        grep -qs 'Server startup complete' "$(rabbitmq_log "$1")" && return
        [ ! -s "$1/pid" ] || is_alive "$(cat "$1/pid")" || return 1
        sleep 0.1
    done
    return 1
}

# Only the owner of a process may be allowed to read its environment, even where root asks.
rabbitmq_pids()
{
    {
        rabbitmq_main_pid "$1"
        rabbitmq_as sh -c 'grep -lszxF "SUITE_RABBITMQ=$1" /proc/[0-9]*/environ' sh "$1" | tr -dc '0-9\n'
    } | awk '!seen[$1]++'
}

# The number in the file may have become that of another process since the node ended.
rabbitmq_main_pid()
{
    pid=$(cat "$1/pid" 2>/dev/null || :)
    [ -z "$pid" ] || rabbitmq_as grep -qszxF "SUITE_RABBITMQ=$1" "/proc/$pid/environ" || pid=
    echo "$pid"
}

# Clients are told by connection.close (320), unless the node is frozen or too slow.
rabbitmq_stop()
{
    main=$(rabbitmq_main_pid "$1")
    if [ -n "$main" ]; then
        kill -CONT $(rabbitmq_pids "$1") 2>/dev/null || :
        kill -TERM "$main" 2>/dev/null || :
        wait_for_end 15 "$main" || :
    fi
    rabbitmq_kill "$1"
}

rabbitmq_kill()
{
    pids=$(rabbitmq_pids "$1")
    kill -KILL $pids 2>/dev/null || :
    wait_for_end 10 $pids || die "RabbitMQ does not end"
}

# A script that controls the node: `eval EXPRESSION` within milliseconds, `service ACTION` as tests/services/control
# does it, anything else by rabbitmqctl.
rabbitmq_write_ctl()
{
    cat >"$1/ctl" <<CTL
#!/bin/sh
# usage: $1/ctl eval 'ERLANG EXPRESSION.' | service kill|start|stop|restart|sigstop|sigcont | RABBITMQCTL-COMMAND...
here='$here'
. "\$here/common.sh"
load_service rabbitmq
rabbitmq_ctl '$1' "\$@"
CTL
    chmod 755 "$1/ctl"
}

rabbitmq_ctl()
{
    at=$1
    shift
    case $1 in
    eval)
        answer=$(printf '%s\n' "$2" | rabbitmq_run "$at" sh -c '
            exec erl_call -n "$RABBITMQ_NODENAME" -c "$(cat "$HOME/.erlang.cookie")" -e') || return 1
        echo "$answer"
        case $answer in '{ok, '*) ;; *) return 1 ;; esac
        ;;
    service) "$here/control" rabbitmq "$2" --dir "$(dirname "$at")" ;;
    *) rabbitmq_run "$at" "$(rabbitmq_program rabbitmqctl)" --quiet "$@" ;;
    esac
}

rabbitmq_environment()
{
    port=$(cat "$1/port")
    echo "AMQPEXT_TEST_URL=amqp://guest:guest@127.0.0.1:$port/"
    echo "AMQPEXT_TEST_TLS_URL=amqps://guest:guest@localhost:$((port + 1))/?cacertfile=$1/certs/ca.pem"
    echo "AMQPEXT_TEST_PORT=$port"
    echo "AMQPEXT_TEST_CERTS=$1/certs"
    echo "AMQPEXT_TEST_CTL=$1/ctl"
    echo "PROMON_TEST_RABBITMQ_PORT=$port"
    echo "PROMON_TEST_RABBITMQ_TLS_PORT=$((port + 1))"
    echo "PROMON_TEST_RABBITMQ_USER=guarded"
    echo "PROMON_TEST_RABBITMQ_PASSWORD=$(special_password)"
    echo "PROMON_TEST_RABBITMQ_VHOST=a/b c"
    echo "PROMON_TEST_RABBITMQ_CERTS=$1/certs"
    echo "PROMON_TEST_RABBITMQ_CTL=$1/ctl"
}
