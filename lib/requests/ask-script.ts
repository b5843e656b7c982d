import { askFolder } from "../secrets-folder/shell-command.js";

/** Where the program is put, in the user's home. */
export const askProgram = `${askFolder}/tazpod-ask`;

/** The exit codes of `tazpod-ask` itself; the command's own is passed on. They are those of sysexits(3). */
export const askCodes = { usage: 64, noSession: 69, failed: 70, refused: 77 } as const;

/**
 * The folder of requests, in the user's home: what is open in the RAM folder could keep the vault from being locked. For
 * scripts in the container.
 */
export const requestsFolder = "${TAZPOD_HOME:-$HOME}/.local/state/tazpod-requests";

/** The longest request, in bytes: its words, reason and options. */
export const requestLimit = 16 * 1024;

/*
 * What `tazpod-ask` runs, after a line that sets d to the folder of requests. Each session that listens has a folder in it with
 * the pipe `ask`, so that there is nothing to hand over when one ends. A request is a folder in that with an unguessable name:
 * `request` has its fields, each with NUL at its end; the session writes what the command prints to the pipes `out` and
 * `err`, and then its exit code to the pipe `code`. The program has them open for writing, too, until the exit code has come:
 * what is written before a reader has started is not lost. `alive` is open as long as this program runs, which proves that it is
 * the process it names.
 */
export const askScript = `# Asks the person at tazpod to run a command with a part of the vault. tazpod replaces this file.
usage() {
  cat <<'END'
usage: tazpod-ask --part NAME… --why TEXT [--env NAME=PATH]… [--dotenv PATH]… [--write] -- COMMAND…

Asks the person at tazpod to run a command with parts of the vault, in a container of its own with a copy of the project.
Its output comes back, with the values of those parts replaced by ***; its exit code is passed on.

  --part NAME      a part of the vault that the command needs
  --why TEXT       the reason, for the person who decides
  --env NAME=PATH  set a variable to the content of a file of the vault
  --dotenv PATH    set the variables of a file of the vault
  --write          bring back what the command changes in the project; otherwise its changes are dropped

exit codes: the command's own; 64 wrong usage; 69 no session listens; 70 the command could not
run to its end; 77 refused
END
}
die() {
  c=$1
  shift
  printf 'tazpod-ask: %s\\n' "$*" >&2
  exit "$c"
}
wrong() { die ${askCodes.usage} "$* (\\\`tazpod-ask --help\\\` shows the usage)"; }
umask 077
case $1 in --help | -h) usage; exit 0 ;; esac
n=0
# the oldest session that listens: its folder's name ends with its process
listens() {
  for s in "$d"/*; do
    l=\${s##*-}
    [ -p "$s/ask" ] && [ -d "/proc/$l" ] && return
  done
  return 1
}
# one may have just begun, or begin again
until listens; do
  n=$((n + 1))
  [ "$n" -gt 9 ] && die ${askCodes.noSession} "no tazpod session listens for requests. A person has to open one on the host with \\\`tazpod run enter\\\`; \\\`session.requests\\\` in .tazpod/config.yaml must not be off."
  sleep 1
done
id=$(od -An -v -N8 -tx1 /dev/urandom | tr -d ' \\n')
r=$s/$id
mkdir -- "$r" || exit ${askCodes.noSession}
pids=
end() { rm -rf -- "$r"; kill $pids 2>/dev/null; }
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
field() { printf '%s\\0' "$1" >> "$r/request"; }
part= why=
while [ "$#" -gt 0 ]; do
  case $1 in
    --) break ;;
    --write) field write= ;;
    --part | --why | --env | --dotenv)
      [ "$#" -gt 1 ] || wrong "$1 needs a value"
      case $1 in --part) part=yes ;; --why) why=yes ;; --env) case $2 in ?*=?*) ;; *) wrong "--env needs NAME=PATH" ;; esac ;; esac
      field "\${1#--}=$2"
      shift ;;
    --part=* | --why=* | --env=* | --dotenv=*)
      case $1 in --part=*) part=yes ;; --why=*) why=yes ;; esac
      field "\${1#--}" ;;
    -*) wrong "unknown option $1" ;;
    *) wrong "the command comes after --" ;;
  esac
  shift
done
[ "$#" -gt 1 ] || wrong "the command after -- is missing"
[ -n "$part" ] || wrong "--part is missing"
[ -n "$why" ] || wrong "--why is missing: say what the command is for"
shift
field "folder=$PWD"
field "asker=$(cat "/proc/$PPID/cmdline" 2>/dev/null | tr '\\0' ' ')"
field command
for w; do field "$w"; done
b=$(wc -c < "$r/request")
[ "$b" -le ${requestLimit} ] || wrong "the request has $b bytes; the limit is ${requestLimit}"
mkfifo "$r/out" "$r/err" "$r/code" && exec 9> "$r/alive" 5<> "$r/code" 6<> "$r/out" 7<> "$r/err" 3< "$r/out" 4< "$r/err" ||
  exit ${askCodes.noSession}
# redirections of a group keep copies of what they replace, those of exec do not
( exec <&3 3<&- 4<&- 5>&- 6>&- 7>&- 9>&-; cat || kill -PIPE "$$" ) & o=$!
( exec <&4 >&2 3<&- 4<&- 5>&- 6>&- 7>&- 9>&-; cat || kill -PIPE "$$" ) & e=$!
exec 3<&- 4<&-
( exec <&5 5>&- 6>&- 7>&- 9>&-; read -r c; [ "$c" = gone ] && die ${askCodes.noSession} "the tazpod session has ended"; exit "$c" ) & x=$!
# without a session, nothing would ever come
( exec >/dev/null 2>&1 6>&- 7>&- 9>&-; while [ -d "/proc/$l" ]; do sleep 1; done; echo gone >&5 ) & w=$!
pids="$o $e $x $w"
exec 8<> "$s/ask"
printf '\\n%s %s\\n' "$id" "$$" >&8
exec 8>&-
wait "$x"
c=$?
exec 6>&- 7>&-
wait "$o"
wait "$e"
exit "$c"
`;
