/** The shells that completion is for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

// Each asks the program itself: a line is a word, a tab and what it is for, or `:files`.
const bash = String.raw`# stillpoint: completion for bash
_stillpoint() {
  local line words=("${'${'}COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  # The newest first; bash has it since 4.4.
  compopt -o nosort 2>/dev/null
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default
      return
    fi
    line=${'${'}line%%$'\t'*}
    # The shell has cut the word at its "=" already.
    [[ $line == --*=* && $COMP_WORDBREAKS == *=* ]] && line=${'${'}line#*=}
    [[ $line == "${'${'}COMP_WORDS[COMP_CWORD]#=}"* ]] && COMPREPLY+=("$line")
  done < <("${'${'}COMP_WORDS[0]}" complete -- "${'${'}words[@]}" 2>/dev/null)
}
complete -F _stillpoint stillpoint
`;

const zsh = String.raw`#compdef stillpoint
# stillpoint: completion for zsh
_stillpoint() {
  local line
  local -a lines found
  lines=("${'${'}(@f)$("$words[1]" complete -- "${'${'}(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    found+=("${'${'}${'${'}line%%$'\t'*}//:/\\:}:${'${'}line#*$'\t'}")
  done
  (( $#found )) && _describe -V stillpoint found
}
if [[ $funcstack[1] == _stillpoint ]]; then
  _stillpoint "$@"
else
  compdef _stillpoint stillpoint
fi
`;

const fish = String.raw`# stillpoint: completion for fish
function __stillpoint_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] complete -- $words[2..-1] 2>/dev/null)
    if test "$lines[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $lines
    end
end
complete -c stillpoint -f -k -a '(__stillpoint_complete)'
`;

/** The script that a shell reads to complete our command lines. */
export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
