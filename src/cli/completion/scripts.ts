/** What a shell is told; each asks `coppice completion words -- WORD…` when a key is pressed. */
export const completionScripts = {
  bash: String.raw`# coppice completion bash: source it, or put it where bash-completion looks
_coppice() {
  local line="${'${COMP_LINE:0:COMP_POINT}'}" cur replies reply cut
  local -a words
  read -ra words <<<"$line"
  [[ "$line" == *' ' ]] && words+=('')
  cur="${'${words[-1]}'}"
  COMPREPLY=()
  replies="$(coppice completion words -- "${'${words[@]:1}'}" 2>/dev/null)" || return
  if [[ "$replies" == ':files' ]]; then
    compopt -o default
    return
  fi
  # Bash replaces only what follows the last = or :.
  cut="${'${cur%"${cur##*[=:]}"}'}"
  while IFS=$'\t' read -r reply _; do
    [[ -n "$reply" ]] && COMPREPLY+=("${'${reply#"$cut"}'}")
  done <<<"$replies"
}
complete -F _coppice coppice
`,
  zsh: String.raw`#compdef coppice
# coppice completion zsh: in a folder of $fpath as _coppice, or source it after compinit
_coppice() {
  local -a lines candidates
  local line word help tab=$'\t'
  lines=("${'${(@f)$(coppice completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}'}")
  if [[ "$lines[1]" == ':files' ]]; then
    _files
    return
  fi
  for line in $lines; do
    word="${'${line%%$tab*}'}" help=''
    [[ "$line" == *$tab* ]] && help="${'${line#*$tab}'}"
    candidates+=("${'${word//:/\\:}'}:$help")
  done
  _describe 'coppice' candidates
}
if [[ "$funcstack[1]" == _coppice ]]; then _coppice "$@"; else compdef _coppice coppice; fi
`,
  fish: String.raw`# coppice completion fish: in ~/.config/fish/completions/coppice.fish
function __coppice_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l replies (coppice completion words -- $words[2..-1] 2>/dev/null)
  if test "$replies[1]" = ':files'
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $replies
  end
end
complete -c coppice -f -a '(__coppice_complete)'
`,
} as const;
