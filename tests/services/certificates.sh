# Certificates, for tests that have servers of their own: no process, only what make-certificates makes.

certificates_prepare()
{
    mkdir -p "$1"
    make_certificates "$(id -un)" "$1/certs"
}

certificates_start()
{
    :
}

certificates_pids()
{
    :
}

certificates_stop()
{
    :
}

certificates_environment()
{
    echo "PROMON_TEST_CERTS=$1/certs"
}
