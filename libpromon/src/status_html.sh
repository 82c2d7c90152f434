#!/bin/sh
# Writes the status page as C: its bytes, and the Content-Security-Policy that allows its own script and style and nothing
# else, by their hashes.
#
# usage: status_html.sh status_page.html
set -eu
export LC_ALL=C
page=$1

# What stands between <TAG> and </TAG>, each on a line of its own, with the line break behind <TAG>.
inside() {
    printf '\n'
    awk -v begin="<$1>" -v end="</$1>" '$0 == end { on = 0 } on { print } $0 == begin { on = 1 }' "$page"
}

# 256 bits in hexadecimal as base64: three digits are two characters, the last digit one.
base64() {
    awk '{
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (i = 1; i < 64; i += 3) {
            bits = digit(i) * 256 + digit(i + 1) * 16 + digit(i + 2)
            text = text substr(alphabet, int(bits / 64) + 1, 1) substr(alphabet, bits % 64 + 1, 1)
        }
        print text substr(alphabet, digit(64) * 4 + 1, 1) "="
    }
    function digit(at) { return index("0123456789abcdef", substr($0, at, 1)) - 1 }'
}

hash() {
    printf "'sha256-%s'" "$(inside "$1" | sha256sum | base64)"
}

script=$(hash script)
style=$(hash style)
cat <<TEXT
/* Made of $(basename "$page"). */
#include "status_html.h"

const char promon__status_policy[] =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "connect-src 'self'; img-src data:; "
    "script-src $script; "
    "style-src $style";

const char promon__status_html[] = {
TEXT
od -An -v -to1 "$page" | sed "s/ *\([0-7][0-7]*\)/'\\\\\1',/g"
printf '%s\n' "'\\0'};"
