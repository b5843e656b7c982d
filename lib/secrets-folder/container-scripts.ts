import { unlinkDangling, linkPaths, unlinkAll } from "./bridge-scripts.js";

/**
 * The shell programs that run inside the container, for any POSIX sh. `$1` is the RAM folder; nothing secret is ever an
 * argument. Everything of ours is under `.tazpod/`, which no archive may hold:
 *   open      the mark: its presence means that the vault is open, completely; what is open is the host's to know
 *   stage/    where an archive is unpacked before it is switched in
 *   opening   there while the switch goes on; closing: there while the folder is emptied
 *   bridges   the paths that may be linked from the home, one a line
 * What an interrupted opening or closing left is only a copy of the sealed vault, and the next one removes it.
 */

/**
 * Prints the mark; exit 3 when there is none, 5 when the folder was being emptied and that did not end. What is not a file
 * would keep whoever reads it waiting: it counts as an empty mark.
 */
export const readOpenMark = `d="$1/.tazpod"
[ -e "$d/closing" ] && exit 5
[ -e "$d/open" ] || [ -L "$d/open" ] || exit 3
# it may go in this moment
[ -L "$d/open" ] || ! [ -f "$d/open" ] || head -c 65536 "$d/open" 2>/dev/null || exit 3`;

// a folder that its owner may not write would keep what is in it
const wipe = `cd "$1" || exit 4
for f in * .[!.]* ..?*; do
  [ "$f" = .tazpod ] && continue
  [ -d "$f" ] && ! [ -L "$f" ] && chmod -R u+rwX -- "$f"
  rm -rf -- "$f" || exit 4
done`;

/** Unpacks a tar from stdin into the stage. Exit 10: open already; 11: the folder holds files (printed). */
export const stage = `umask 077
${unlinkAll}
[ -d "$1" ] || { echo "$1 is not there"; exit 12; }
# runc before 1.2 gives a tmpfs the mode of the folder under it, from the second start of a container on
chmod 700 "$1" || exit 4
d="$1/.tazpod"
[ -e "$d/open" ] && exit 10
if [ -e "$d/opening" ] || [ -e "$d/closing" ]; then untie "$1"; ${wipe}; fi
[ -e "$d" ] && { chmod -R u+rwX -- "$d"; rm -rf -- "$d" || exit 4; }
l=$(ls -A "$1") || exit 4
[ -z "$l" ] || { printf '%s\\n' "$l"; exit 11; }
mkdir "$d" "$d/stage" || exit 4
# the folder above is closed to others; below it every mode is to come out as it is in the archive
umask 0; exec tar -x -p -f - -C "$d/stage"`;

const setFolders = `mode=
while read -r mode time path && [ "$mode" != end ]; do
  # the dot keeps a newline at the end of a name
  path=$(printf '%b.' "$path"); path="$1/\${path%.}"
  touch -d "@$time" -- "$path" && chmod "$mode" -- "$path" || exit 4
done
[ "$mode" = end ] || exit 4`;

// all at once, since starting `mv` takes longer than what it does; one by one where they are more than a command may be given
const moveAll = `move_all() {
  t=$1; shift
  [ -e "$1" ] || [ -L "$1" ] || return 0
  mv -- "$@" "$t/" 2>/dev/null && return
  for f; do
    if [ -e "$f" ] || [ -L "$f" ]; then mv -- "$f" "$t/" || exit 4; fi
  done
}`;

/**
 * Switches the stage in, gives every folder its mode and time, and leaves the mark last. Reads the mark as one line,
 * then a line a folder: mode, seconds since 1970, path in the escapes of printf's %b; and a line `end`, without which
 * whoever wrote them was cut off. Exit 6 when nothing came: the stage is not to be switched in. The paths from `$2` on are
 * linked from the home; prints those that could not be.
 */
export const commit = `umask 077
${linkPaths}
${moveAll}
d="$1/.tazpod"
IFS= read -r m || exit 6
printf '%s\\n' "$m" > "$d/next" && : > "$d/opening" && cd "$d/stage" || exit 4
move_all "$1" *
move_all "$1" .[!.]*
move_all "$1" ..?*
cd "$1" && rmdir "$d/stage" || exit 4
${setFolders}
tie "$@"
mv "$d/next" "$d/open" && rm "$d/opening"`;

/** Unpacks a tar from stdin beside what is open. Exit 3 when nothing is. */
export const stageFiles = `umask 077
d="$1/.tazpod"
[ -e "$d/open" ] || exit 3
[ -e "$d/more" ] && { chmod -R u+rwX -- "$d/more"; rm -rf -- "$d/more" || exit 4; }
mkdir "$d/more" || exit 4
umask 0; exec tar -x -p -f - -C "$d/more"`;

/**
 * Moves in what was unpacked beside. Reads the same lines as \`commit\`, and leaves the mark as it is. Cut short, what was
 * moved is not on record yet, and is the same as in the sealed vault. Exit 3 when nothing is open. The paths from
 * `$2` on are linked as in `commit`.
 */
export const commitFiles = `umask 077
${linkPaths}
d="$1/.tazpod"
IFS= read -r m || exit 6
[ -e "$d/open" ] || exit 3
move() {
  for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    t="$2/\${f##*/}"
    if [ -d "$f" ] && ! [ -L "$f" ] && [ -d "$t" ]; then ( move "$f" "$t" ) || exit 4
    else mv -- "$f" "$2/" || exit 4
    fi
  done
}
( move "$d/more" "$1" ) || exit 4
${setFolders}
rm -rf -- "$d/more"
[ -e "$d/saved" ] && rm -f "$d/saved"
tie "$@"`;

/** Reads lines: \`open\` makes a folder writable, \`file\` and \`folder\` remove one. Exit 5: what is printed would not go. */
export const removePaths = `${unlinkDangling}
left=
while read -r what path; do
  path=$(printf '%b.' "$path"); path="$1/\${path%.}"
  case $what in
    open) chmod u+rwx -- "$path" ;;
    file) rm -f -- "$path" || { left=5; printf '%s\\n' "$path"; } ;;
    folder) rmdir -- "$path" || { left=5; printf '%s\\n' "$path"; } ;;
  esac
done 2>/dev/null
loosen "$1"
exit \${left:-0}`;

/** Throws an unfinished opening away. */
export const abandon = `${unlinkAll}
untie "$1"
if [ -e "$1/.tazpod/opening" ]; then ${wipe}; fi
if [ -e "$1/.tazpod" ]; then chmod -R u+rwX -- "$1/.tazpod"; rm -rf -- "$1/.tazpod"; fi`;

// a line a process that has a file of the folder open or mapped, removed ones too; those of other users are not seen, and
// may not read the folder
const holders = `holders() {
  ls -l /proc/[0-9]*/fd/ 2>/dev/null | while IFS= read -r l; do
    case $l in
      /proc/*) p=\${l#/proc/}; p=\${p%%/*} ;;
      *" -> $1/"* | *" -> '$1/"*) echo "$p" ;;
    esac
  done
  grep -lF " $1/" /proc/[0-9]*/maps 2>/dev/null | sed 's,/proc/,,; s,/.*,,'
}
held() { holders "$1" | sort -nu; }`;

/**
 * Empties the folder. The marker goes first: half-empty is never open. Exit 5: what is printed would not go. Exit 7: it is
 * empty, and the processes that are printed still have files of it open; until they end, it counts as being emptied. With
 * `force` as $2 they are ended; with `all` as $3 it is also emptied of what no vault was opened for. Links of the home that
 * lead there go first; from $4 on, where they may be.
 */
export const clear = `${unlinkAll}
( f=$1; shift; [ "$#" = 0 ] || shift; [ "$#" = 0 ] || shift; untie "$f" "$@" )
d="$1/.tazpod"
if [ "$3" = all ]; then
  { [ -d "$d" ] && ! [ -L "$d" ]; } || { rm -rf -- "$d"; mkdir "$d" || exit 4; }
  chmod -R u+rwX -- "$d"
fi
if [ -d "$d" ]; then
  if [ -e "$d/open" ] || [ -L "$d/open" ]; then rm -rf -- "$d/closing"; mv "$d/open" "$d/closing" || exit 4; fi
  ( ${wipe} ) || exit 4
fi
l=$(ls -A "$1" | grep -vxF .tazpod)
[ -z "$l" ] || { printf '%s\n' "$l"; exit 5; }
${holders}
h=$(held "$1")
if [ "$2" = force ]; then
  for s in TERM KILL; do
    [ -z "$h" ] || { kill -$s $h; sleep 1; h=$(held "$1"); }
  done
fi
if [ -n "$h" ]; then
  [ -d "$d" ] || mkdir "$d" && : > "$d/closing"
  for p in $h; do echo "$p ($(cat "/proc/$p/comm"))"; done
  exit 7
fi
[ -d "$d" ] || exit 0
# whoever watches may just be writing there
chmod -R u+rwX -- "$d" && { rm -rf -- "$d" || rm -rf -- "$d" || exit 4; }`;

/** Writes the folder as a tar to stdout. */
export const archive = 'export LC_ALL=C; exec tar -c -f - -C "$1" .';
