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

# make_certificates USER DIR: those that the script of this name lists, owned by USER.
make_certificates()
{
    certificates_log=$(as_user "$1" sh -c "$(cat "$here/make-certificates")" sh "$2" 2>&1) ||
        die "the certificates cannot be made: $certificates_log"
}

# What every server with passwords takes as one: whatever a URL, a shell, SQL or a configuration treats as special.
special_password()
{
    printf '%s\n' "p w'\"\\/@:%#?&=+;\$ünï"
}

# escaped CHARACTERS: standard input with a backslash before each of them.
escaped()
{
    sed "s/[$1]/\\\\&/g"
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

# Servers that one process makes up, which need no lock files of their own.

# launch DIR NAME USER COMMAND...: starts one in a session of its own. DIR/NAME.log gets what it says, DIR/NAME.pid
# its number and when it began, because numbers are used again. Until that is written it ends with the group of
# the script that starts it, so that it never runs unknown.
launch()
{
    launch_at=$1/$2
    launch_as=$3
    shift 3
    rm -f "$launch_at.pid"
    {
        cd /
        set -- sh -c '
            echo "$$ $(sed "s/.*) //" "/proc/$$/stat" | cut -d" " -f20)" >"$1.pid"
            shift
            exec setsid "$@"' sh "$launch_at" "$@"
        [ "$(id -u)" != 0 ] ||
            set -- setpriv --reuid="$launch_as" --regid="$(id -g "$launch_as")" --clear-groups -- "$@"
        exec "$@"
    } </dev/null >"$launch_at.log" 2>&1 &
    launched=$!
}

# pid_of DIR NAME: the process that was launched, while it runs.
pid_of()
{
    read -r known began 2>/dev/null <"$1/$2.pid" || return 0
    [ "$(sed 's/.*) //' "/proc/$known/stat" 2>/dev/null | cut -d' ' -f20)" != "$began" ] || echo "$known"
}

# end_processes SECONDS PID...: by SIGTERM, frozen or not, and by SIGKILL what has not ended by then.
end_processes()
{
    end_within=$1
    shift
    [ $# -gt 0 ] || return 0
    kill -TERM "$@" 2>/dev/null || :
    kill -CONT "$@" 2>/dev/null || :
    wait_for_end "$end_within" "$@" || kill -KILL "$@" 2>/dev/null || :
    wait_for_end 10 "$@" || die "$* do not end"
}

# until_ready SECONDS COMMAND...: whether COMMAND succeeds by then, and what was launched last runs.
until_ready()
{
    ready_tries=$(($1 * 20))
    shift
    while is_alive "$launched" && [ "$((ready_tries -= 1))" -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then
            is_alive "$launched"
            return
        fi
        sleep 0.05
    done
    return 1
}

# start_on_port SERVICE DIR: runs SERVICE_launch DIR, which tells whether the server answers, with a random port in
# DIR/port. It stays the same for the life of DIR, so that clients may come back after a restart.
start_on_port()
{
    for attempt in 1 2 3 4 5; do
        [ -s "$2/port" ] || random_port >"$2/port"
        if "$1_launch" "$2"; then
            touch "$2/ready"
            write_ctl "$1" "$2"
            return
        fi
        "$1_stop" "$2"
        [ ! -e "$2/ready" ] && grep -qis 'address already in use' "$2"/*.log || break
        rm -f "$2/port"
    done
    cat "$2"/*.log >&2 || :
    die "$1 did not start"
}

# write_ctl SERVICE DIR: DIR/ctl, a program that does what tests/services/control does, to this server.
write_ctl()
{
    cat >"$2/ctl" <<CTL
#!/bin/sh
# usage: $2/ctl service kill|start|stop|restart|sigstop|sigcont
[ \$# = 2 ] && [ "\$1" = service ] || exit 2
exec '$here/control' $1 "\$2" --dir '${2%/*}'
CTL
    chmod 755 "$2/ctl"
}
