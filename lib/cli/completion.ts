import { printResult } from "../host/screen.js";
import { nearest } from "../document/nearest.js";
import type { Arguments } from "../run/arguments.js";
import { reportFailure } from "../run/report-failure.js";

// They call the tazpod of the PATH, whatever name was typed, so that completing `./tazpod` runs nothing of a clone.
const bash = `# bash completion for tazpod: eval "$(tazpod completion bash)"
_tazpod() {
  local line current=\${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  [ "$current" = = ] && current=
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames; mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current") ;;
      :folders) compopt -o filenames; mapfile -t -O \${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(command tazpod __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  case \${COMPREPLY[0]-} in *=) compopt -o nospace ;; esac
}
complete -F _tazpod tazpod`;

const zsh = `#compdef tazpod
# zsh completion for tazpod, after compinit: eval "$(tazpod completion zsh)"
_tazpod() {
  local line code=1
  local -a candidates texts
  while IFS= read -r line; do
    case $line in
      :files) _files && code=0 ;;
      :folders) _files -/ && code=0 ;;
      *) candidates+=("\${line%%$'\\t'*}") texts+=("\${line/$'\\t'/  -- }") ;;
    esac
  done < <(command tazpod __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)
  (( $#candidates )) && compadd -l -d texts -a candidates && code=0
  return code
}
if [ "$funcstack[1]" = _tazpod ]; then _tazpod "$@"; else compdef _tazpod tazpod; fi`;

const fish = `# fish completion for tazpod: tazpod completion fish | source
function __tazpod_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command tazpod __complete $words[2..-1] "$current" 2>/dev/null </dev/null)
        switch $line
            case :files
                __fish_complete_path (string unescape -- "$current")
            case :folders
                __fish_complete_directories "$current"
            case '*'
                printf '%s\\n' $line
        end
    end
end
complete -c tazpod -f -k -a '(__tazpod_complete)'`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** `tazpod completion SHELL`: prints the script that makes a shell complete tazpod's command lines. */
export async function completionCommand(
  { json }: Arguments,
  [shell = ""]: readonly string[],
): Promise<number> {
  const script = scripts[shell];
  const known = Object.keys(scripts);
  if (script !== undefined) {
    printResult(script);
    return 0;
  }
  const close = nearest(shell, known);
  const guess = close === undefined ? { known } : { nearest: close };
  return reportFailure({ kind: "unknown-name", what: "shell", name: shell, ...guess }, json);
}
