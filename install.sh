#!/bin/sh
# Installs the released command `gto` for one user: downloads the archive for this machine, checks it against SHA256SUMS, and
# puts the binary into a folder. Needs no root, and changes nothing else. `sh install.sh --help` lists the options.
#
# Everything is in functions and the last line calls them: of a script that arrives by half, nothing runs.
set -eu

# The files of version 1.2.3 are in $releases/download/v1.2.3, those of the latest in $releases/latest/download.
releases=${GTO_INSTALL_RELEASES:-https://gto.example/releases}

usage() {
    cat <<'EOF'
Usage: install.sh [--version VERSION] [--to DIR] [--from URL|DIR]

Installs the command gto for the current user.

  --version VERSION  the version, such as 1.11.0, or `latest`, the default (GTO_INSTALL_VERSION)
  --to DIR           the folder of the binary; by default ~/.local/bin (GTO_INSTALL_TO)
  --from URL|DIR     a mirror, or a local folder, with the files of one release (GTO_INSTALL_FROM)
EOF
}

main() {
    version=${GTO_INSTALL_VERSION:-latest}
    to=${GTO_INSTALL_TO:-}
    from=${GTO_INSTALL_FROM:-}
    while [ $# -gt 0 ]; do
        case $1 in
            --version | --to | --from)
                [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value"
                case $1 in
                    --version) version=$2 ;;
                    --to) to=$2 ;;
                    --from) from=$2 ;;
                esac
                shift 2
                ;;
            --version=*) version=${1#*=} && shift ;;
            --to=*) to=${1#*=} && shift ;;
            --from=*) from=${1#*=} && shift ;;
            -h | --help) usage && exit 0 ;;
            *) fail "there is no option '$1'; \`sh install.sh --help\` lists them" ;;
        esac
    done
    version=${version#v}
    case $version in
        latest) ;;
        '' | *[!0-9A-Za-z.+-]* | [!0-9]*) fail "'$version' is no version: give one such as 1.11.0, or latest" ;;
    esac
    if [ -z "$to" ]; then
        [ -n "${HOME:-}" ] || fail "HOME is not set: name the folder with --to DIR"
        to=$HOME/.local/bin
    fi
    case $to in
        /* | ?:*) ;;
        *) to=$PWD/$to ;;
    esac
    command -v tar >/dev/null 2>&1 || fail "tar is not installed: install it, or unpack the archive of $(place) yourself"

    target=$(target_of_this_machine)
    archive=gto-$target.tar.gz
    program=gto
    case $target in *windows*) program=gto.exe ;; esac

    # What is downloaded, and what is about to become the program: neither outlives this script.
    scratch=
    staged=
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    scratch=$(mktemp -d 2>/dev/null) || fail "cannot make a temporary folder in '${TMPDIR:-/tmp}': is it full or read-only? TMPDIR names another"

    download SHA256SUMS
    expected=$(checksum_of "$archive" "$scratch/SHA256SUMS")
    [ -n "$expected" ] || fail "$(place) has no $archive: there is no build for this machine ($(uname -s) $(uname -m)); build it with \`cargo install --locked\`"
    download "$archive"
    actual=$(sha256 "$scratch/$archive")
    [ "$actual" = "$expected" ] ||
        fail "the checksum of $archive is wrong, nothing was installed
    expected: $expected
    actual:   $actual
  Was the download complete? Try again; if it stays wrong, tell the people who run $(place)"

    tar -xzf "$scratch/$archive" -C "$scratch" "gto-$target/$program" || fail "cannot unpack $archive into $scratch: is the disk full?"
    place_program "$scratch/gto-$target/$program"
    advise
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# Removes what must not stay, however the script ends.
clean_up() {
    [ -z "$staged" ] || rm -f -- "$staged"
    [ -z "$scratch" ] || rm -rf -- "$scratch"
}

target_of_this_machine() {
    system=$(uname -s)
    machine=$(uname -m)
    case $machine in
        x86_64 | amd64) machine=x86_64 ;;
        aarch64 | arm64) machine=aarch64 ;;
    esac
    case $system in
        # Static: for glibc and for musl.
        Linux) echo "$machine-unknown-linux-musl" ;;
        Darwin) echo "$machine-apple-darwin" ;;
        # Windows on ARM runs it too.
        MINGW* | MSYS* | CYGWIN* | Windows_NT) echo "x86_64-pc-windows-msvc" ;;
        *) echo "$machine-$system" | tr 'A-Z /' 'a-z--' ;;
    esac
}

# The URL or folder of the release's files.
place() {
    if [ -n "$from" ]; then
        printf '%s\n' "${from%/}"
    elif [ "$version" = latest ]; then
        printf '%s\n' "$releases/latest/download"
    else
        printf '%s\n' "$releases/download/v$version"
    fi
}

# Brings a file of the release into the scratch folder.
download() {
    url=$(place)/$1
    case $url in
        https://*) protocol='=https' ;;
        # A mirror inside a company; no redirect leads from https to it.
        http://*) protocol='=http,https' ;;
        *)
            local_file=${url#file://}
            [ -f "$local_file" ] || fail "there is no file '$local_file'"
            cp -- "$local_file" "$scratch/$1" || fail "cannot copy '$local_file' into $scratch: is the disk full?"
            return
            ;;
    esac
    if command -v curl >/dev/null 2>&1; then
        curl --proto "$protocol" --fail --silent --show-error --location --retry 3 --connect-timeout 30 --output "$scratch/$1" "$url" ||
            not_downloaded "$url"
    elif command -v wget >/dev/null 2>&1; then
        # No timeout: some builds of BusyBox crash on that option.
        wget -q -t 3 -O "$scratch/$1" "$url" || not_downloaded "$url"
    else
        fail "neither curl nor wget is installed: install one of them, or download $url and $archive yourself and give their folder with --from"
    fi
}

not_downloaded() {
    if [ "$version" != latest ]; then
        fail "cannot download $1: is there a release $version? GTO_INSTALL_FROM names a mirror"
    fi
    fail "cannot download $1: can this machine reach it? GTO_INSTALL_FROM names a mirror"
}

# The checksum that the list has for a file, or nothing.
checksum_of() {
    awk -v name="$1" '($2 == name || $2 == "*" name) && length($1) == 64 && $1 !~ /[^0-9a-f]/ { print $1; exit }' "$2"
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum <"$1" | cut -d ' ' -f 1
    elif command -v shasum >/dev/null 2>&1; then
        shasum -a 256 <"$1" | cut -d ' ' -f 1
    elif command -v openssl >/dev/null 2>&1; then
        openssl dgst -sha256 <"$1" | sed 's/.*[ =]//'
    else
        fail "cannot check the download: install sha256sum, shasum or openssl"
    fi
}

# Puts the program in place in one step, after it has run once: the old one stays until the new one works.
place_program() {
    mkdir -p -- "$to" || fail "cannot make the folder '$to': choose another with --to DIR"
    [ ! -d "$to/$program" ] || fail "'$to/$program' is a folder: choose another place with --to DIR"
    staged=$to/.gto-install.$$
    case $program in *.exe) staged=$staged.exe ;; esac
    if ! { cp -- "$1" "$staged" && chmod 755 "$staged"; }; then
        fail "cannot write to '$to': choose another folder with --to DIR, or make room there"
    fi
    installed=$("$staged" --version) || fail "the program does not run on this machine: $(uname -s) $(uname -m); build it with \`cargo install --locked\`"
    installed=${installed##* }
    [ "$version" = latest ] || [ "$installed" = "$version" ] ||
        fail "$(place) has version $installed, not $version; nothing was installed"
    mv -f -- "$staged" "$to/$program" || fail "cannot replace '$to/$program': is it running, or owned by another user?"
    staged=
    printf 'installed gto %s as %s\n' "$installed" "$to/$program"
}

# What else the user must know to run it.
advise() {
    case :$PATH: in
        *:"$to":*)
            # The Python tool has the same name.
            first=$(command -v gto || true)
            [ "$first" = "$to/$program" ] || [ "$first" = "$to/gto" ] ||
                printf 'warning: another gto comes first on the PATH: %s\n' "$first" >&2
            ;;
        *)
            # shellcheck disable=SC2016 # the user's shell is to expand it
            printf 'warning: %s is not on the PATH; add it in the profile of your shell:\n    export PATH="%s:$PATH"\n' "$to" "$to" >&2
            ;;
    esac
}

main "$@"
