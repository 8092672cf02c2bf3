# Completion of `gto` for bash. Print it with `gto completions bash`.
#
# Readline cuts words at `@`, `:` and `=` (COMP_WORDBREAKS), so that `model@v1` comes in three pieces, and only the
# last piece is replaced by what we answer. We join the pieces again, ask gto, and cut off what is typed already.
_gto() {
    local words=() last=-1 left=$COMP_LINE piece unread previous='' i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        unread=${left#"${left%%[![:space:]]*}"}
        if ((last >= 0)) && [[ $unread == "$left" && (-z ${piece//[@:=]/} || -z ${previous//[@:=]/}) ]]; then
            words[last]+=$piece
        else
            words[++last]=$piece
        fi
        left=${unread#"$piece"}
        previous=$piece
    done
    # What stands behind the cursor is not a part of what is completed.
    local behind=$((${#COMP_LINE} - ${#left} - COMP_POINT)) word=${words[last]}
    ((behind > 0 && behind <= ${#word})) && word=${word:0:${#word} - behind}
    words[last]=$word

    # Inside of quotes, Readline cuts nothing. An `@` stays with the piece behind it if it may begin a host's name.
    local breaks=${COMP_WORDBREAKS//[^@:=]/} typed=''
    if [[ -n $breaks && $word != *[\"\'\\]* ]]; then
        typed=${word%"${word##*[$breaks]}"}
        shopt -q hostcomplete && typed=${typed%@}
    fi

    words+=("${COMP_WORDS[@]:COMP_CWORD+1}")
    words=("${words[@]//[\"\'\\]/}")
    local candidate
    COMPREPLY=()
    while IFS='' read -r candidate || [[ -n $candidate ]]; do
        COMPREPLY+=("${candidate#"$typed"}")
    done < <(COMPLETE=bash _CLAP_COMPLETE_INDEX=$last _CLAP_IFS=$'\n' command gto -- "${words[@]}" 2>/dev/null)
    if [[ ${COMPREPLY[0]-} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o nosort -F _gto gto 2>/dev/null || complete -o bashdefault -F _gto gto
