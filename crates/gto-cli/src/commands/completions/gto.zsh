#compdef gto
# Completion of `gto` for zsh. Print it with `gto completions zsh`.

_gto() {
    local -a answers folders others
    local answer value
    # Without its quotes, each word is what gto will see.
    answers=("${(@f)$(
        COMPLETE=zsh _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) _CLAP_IFS=$'\n' command gto -- "${(@Q)words}" 2>/dev/null
    )}")
    # Each answer is `value` or `value:description`; one may go on typing behind a folder.
    for answer in $answers; do
        value=${answer%%:*}
        if [[ $value == */ ]]; then
            folders+=("${value%/}${answer#"$value"}")
        else
            others+=("$answer")
        fi
    done
    (($#folders)) && _describe -V 'values' folders -S '/' -r '/'
    (($#others)) && _describe -V 'values' others
}

# The first time, zsh runs this file from `fpath` as the function; else somebody sources it.
if [[ ${funcstack[1]} == _gto ]]; then
    _gto "$@"
else
    compdef _gto gto
fi
