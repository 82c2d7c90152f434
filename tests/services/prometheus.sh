# Prometheus: takes its configuration from PROMON_TEST_PROMETHEUS_FOLDER/prometheus.yml, which says nothing at first;
# a test writes it, and files beside it, then sends POST $PROMON_TEST_PROMETHEUS_URL/-/reload. It takes exemplars
# and native histograms. Its data outlast a restart.

prometheus_as()
{
    as_user "$(service_user prometheus)" "$@"
}

prometheus_prepare()
{
    own_folder "$(service_user prometheus)" "$1"
    prometheus_as mkdir "$1/configuration"
    prometheus_as tee "$1/configuration/prometheus.yml" >/dev/null <<'CONF'
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
CONF
}

prometheus_launch()
{
    address=127.0.0.1:$(cat "$1/port")
    launch "$1" server "$(service_user prometheus)" prometheus --config.file="$1/configuration/prometheus.yml" \
        --storage.tsdb.path="$1/data" --web.listen-address="$address" --web.enable-lifecycle \
        --web.enable-admin-api --enable-feature=exemplar-storage,native-histograms
    until_ready 60 curl --silent --fail --max-time 5 "http://$address/-/ready"
}

prometheus_start()
{
    start_on_port prometheus "$1"
}

prometheus_pids()
{
    pid_of "$1" server
}

prometheus_stop()
{
    end_processes 10 $(prometheus_pids "$1")
}

prometheus_environment()
{
    port=$(cat "$1/port")
    echo "PROMON_TEST_PROMETHEUS_URL=http://127.0.0.1:$port"
    echo "PROMON_TEST_PROMETHEUS_PORT=$port"
    echo "PROMON_TEST_PROMETHEUS_FOLDER=$1/configuration"
    echo "PROMON_TEST_PROMETHEUS_CTL=$1/ctl"
}
