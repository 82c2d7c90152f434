# Shared by the scripts of this folder; sourced, never run.
#
# A service is a file SERVICE.sh that defines, for a private folder given as $1:
#   SERVICE_prepare DIR   make what the server keeps there
#   SERVICE_start DIR     start it and return when it answers
#   SERVICE_pids DIR      the processes of the running server, its main process first
#   SERVICE_stop DIR      stop it at once and remove what it keeps outside of DIR
#   SERVICE_environment DIR   print NAME=VALUE lines that tell tests where it is
# Servers listen on loopback ports of their own choice and on sockets in DIR. Those that refuse to run as
# root run as an ordinary user when root starts them.
set -eu

say()
{
    printf '%s: %s\n' "${0##*/}" "$1" >&2
}

die()
{
    say "$1"
    exit 1
}

# new_folder: a private folder below TMPDIR; its path is short, because those of sockets may have 107 bytes.
new_folder()
{
    mktemp -d "${TMPDIR:-/tmp}/suite-services.XXXXXX"
}

load_service()
{
    case $1 in
    *[!a-z]*) die "$1 is not the name of a service" ;;
    esac
    [ -f "$here/$1.sh" ] || die "there is no service $1"
    . "$here/$1.sh"
}

# service_user USER: the first of USER and nobody that exists.
service_user()
{
    if id -u "$1" >/dev/null 2>&1; then echo "$1"; else echo nobody; fi
}

# as_user USER COMMAND...: as root, runs it as USER in a neutral folder; otherwise as who we are.
as_user()
{
    user=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@")
    else
        "$@"
    fi
}

# own_folder USER DIR: makes DIR and gives it to USER; the folders above only need to be passed through.
own_folder()
{
    mkdir -p "$2"
    chmod 700 "$2"
    [ "$(id -u)" != 0 ] || chown "$1" "$2"
}

# A port that is most likely free: outside of the range from which the system takes ports for clients.
random_port()
{
    echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
}

# state_of PID: the letter of the state of a process, Z too when it has ended.
state_of()
{
    sed 's/.*) \(.\) .*/\1/' "/proc/$1/stat" 2>/dev/null || echo Z
}

is_alive()
{
    [ "$(state_of "$1")" != Z ]
}

# children_of PID: the running processes whose parent it is.
children_of()
{
    cat /proc/[0-9]*/stat 2>/dev/null | sed -n "s/^\([0-9]*\) (.*) [^Z] $1 .*/\1/p"
}

# wait_for_end SECONDS PID...: whether all of them have ended by then.
wait_for_end()
{
    tries=$(($1 * 20))
    shift
    for pid in "$@"; do
        while is_alive "$pid"; do
            [ "$tries" -gt 0 ] || return 1
            tries=$((tries - 1))
            sleep 0.05
        done
    done
}
