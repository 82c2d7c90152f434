# Pushgateway: empty, keeps nothing when it ends; PUT /api/v1/admin/wipe empties it.

pushgateway_prepare()
{
    own_folder "$(service_user prometheus)" "$1"
    # It says nothing; with its path in the command line everybody can see whose process it is.
    as_user "$(service_user prometheus)" touch "$1/web.yml"
}

pushgateway_launch()
{
    address=127.0.0.1:$(cat "$1/port")
    launch "$1" server "$(service_user prometheus)" prometheus-pushgateway --web.listen-address="$address" \
        --web.enable-admin-api --web.config.file="$1/web.yml"
    until_ready 60 curl --silent --fail --max-time 5 "http://$address/-/ready"
}

pushgateway_start()
{
    start_on_port pushgateway "$1"
}

pushgateway_pids()
{
    pid_of "$1" server
}

pushgateway_stop()
{
    end_processes 10 $(pushgateway_pids "$1")
}

pushgateway_environment()
{
    port=$(cat "$1/port")
    echo "PROMON_TEST_PUSHGATEWAY_URL=http://127.0.0.1:$port"
    echo "PROMON_TEST_PUSHGATEWAY_PORT=$port"
    echo "PROMON_TEST_PUSHGATEWAY_CTL=$1/ctl"
}
