import { unlinkDangling, linkPaths, unlinkAll } from "./bridge-scripts.js";

/**
 * The shell programs that run inside the container, for any POSIX sh. `$1` is the secrets folder; nothing secret is ever
 * an argument. tazpod's own files are in its `.tazpod/`, which no archive may contain:
 *   open      the mark: the vault is completely open; the host records what is open
 *   stage/    where an archive is unpacked before its files are moved in
 *   opening   exists while files are moved in; closing: exists while the folder is emptied
 *   bridges   the paths that may be linked from the home, one per line
 * An interrupted opening or closing leaves only copies of the sealed vault, which the next one removes.
 */

/**
 * Prints the mark; exit 3 without one, 5 when emptying the folder was interrupted. Anything but a regular file could
 * block the reader and counts as an empty mark.
 */
export const readOpenMark = `d="$1/.tazpod"
[ -e "$d/closing" ] && exit 5
[ -e "$d/open" ] || [ -L "$d/open" ] || exit 3
# it may be removed at this moment
[ -L "$d/open" ] || ! [ -f "$d/open" ] || head -c 65536 "$d/open" 2>/dev/null || exit 3`;

// a read-only folder cannot be emptied
const wipe = `cd "$1" || exit 4
for f in * .[!.]* ..?*; do
  [ "$f" = .tazpod ] && continue
  [ -d "$f" ] && ! [ -L "$f" ] && chmod -R u+rwX -- "$f"
  rm -rf -- "$f" || exit 4
done`;

/** Unpacks a tar from stdin into the stage. Exit 10: already open; 11: the folder holds files (printed). */
export const stage = `umask 077
${unlinkAll}
# an exit before the input was read can lose the exit code: the engine's connection is reset
end() { cat >/dev/null; exit "$1"; }
[ -d "$1" ] || { echo "$1 is not there"; end 12; }
# runc before 1.2 gives a tmpfs the mode of the folder under it, from the second start of a container on
chmod 700 "$1" || exit 4
d="$1/.tazpod"
[ -e "$d/open" ] && end 10
if [ -e "$d/opening" ] || [ -e "$d/closing" ]; then unlink_all "$1"; ${wipe}; fi
[ -e "$d" ] && { chmod -R u+rwX -- "$d"; rm -rf -- "$d" || exit 4; }
l=$(ls -A "$1") || exit 4
[ -z "$l" ] || { printf '%s\\n' "$l"; end 11; }
mkdir "$d" "$d/stage" || exit 4
# the folder above is closed to others; below it, modes are those of the archive
umask 0; exec tar -x -p -f - -C "$d/stage"`;

const setFolders = `mode=
while read -r mode time path && [ "$mode" != end ]; do
  # the dot keeps a newline at the end of a name
  path=$(printf '%b.' "$path"); path="$1/\${path%.}"
  touch -d "@$time" -- "$path" && chmod "$mode" -- "$path" || exit 4
done
[ "$mode" = end ] || exit 4`;

// all at once, since starting `mv` is slower than the moves; one by one when the command line would be too long
const moveAll = `move_all() {
  t=$1; shift
  [ -e "$1" ] || [ -L "$1" ] || return 0
  mv -- "$@" "$t/" 2>/dev/null && return
  for f; do
    if [ -e "$f" ] || [ -L "$f" ]; then mv -- "$f" "$t/" || exit 4; fi
  done
}`;

/**
 * Moves the staged files in, sets every folder's mode and time, and leaves the mark last. Reads the mark as one line,
 * then a line per folder: mode, seconds since 1970, path in the escapes of printf's %b; then the line `end`, without
 * which the input was truncated. Exit 6 without input: the stage must not be moved in. Links the paths from `$2` on
 * from the home and prints those that it could not link.
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
link_paths "$@"
mv "$d/next" "$d/open" && rm "$d/opening"`;

/** Unpacks a tar from stdin for an open vault. Exit 3 when it is not open. */
export const stageFiles = `umask 077
d="$1/.tazpod"
[ -e "$d/open" ] || exit 3
[ -e "$d/added" ] && { chmod -R u+rwX -- "$d/added"; rm -rf -- "$d/added" || exit 4; }
mkdir "$d/added" || exit 4
umask 0; exec tar -x -p -f - -C "$d/added"`;

/**
 * Moves in the files that `stageFiles` unpacked; the mark stays. Reads folder lines like `commit`. If interrupted, the
 * moved files are not recorded yet and equal the sealed vault's. Exit 3 when the vault is not open. Links the paths
 * from `$2` on like `commit`.
 */
export const commitFiles = `umask 077
${linkPaths}
d="$1/.tazpod"
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
( move "$d/added" "$1" ) || exit 4
${setFolders}
rm -rf -- "$d/added"
[ -e "$d/saved" ] && rm -f "$d/saved"
link_paths "$@"`;

/**
 * Reads lines: `open` makes a folder writable, `file` and `folder` remove one. Exit 5: prints what could not be
 * removed.
 */
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
unlink_dangling "$1"
exit \${left:-0}`;

/** Discards an unfinished opening. */
export const abandon = `${unlinkAll}
unlink_all "$1"
if [ -e "$1/.tazpod/opening" ]; then ${wipe}; fi
if [ -e "$1/.tazpod" ]; then chmod -R u+rwX -- "$1/.tazpod"; rm -rf -- "$1/.tazpod"; fi`;

// prints each process with a file of the folder open or mapped, even if removed; processes of other users are not
// visible, and cannot read the folder
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
 * A function that lists names, sizes, modes, inodes and times of everything in the current folder but tazpod's own files,
 * not contents, which may be large.
 */
export const look = `look() {
  set --
  for f in * .[!.]* ..?*; do
    if [ "$f" != .tazpod ] && { [ -e "$f" ] || [ -L "$f" ]; }; then set -- "$@" "$f"; fi
  done
  [ "$#" = 0 ] && return
  ls -ldi $times -- "$@"
  ls -lAiR $times -- "$@"
} 2>/dev/null
times=
ls --full-time / >/dev/null 2>&1 && times=--full-time`;

/**
 * Empties the folder. The mark is removed first, so that a half-empty folder never counts as open. Exit 5: prints what
 * could not be removed. Exit 7: empty, but the printed processes still have files open; until they end, it counts as
 * being emptied. `force` as $2 ends them; `all` as $3 also removes files without an open vault. Removes the home's
 * links into the folder first; paths from $5 on may have such links. Exit 6, without doing anything: the folder no longer
 * looks as `archive` has noted in tazpod's own file $4.
 */
export const clear = `${unlinkAll}
d="$1/.tazpod"
if [ -n "$4" ] && [ -f "$d/$4" ]; then
  ( export LC_ALL=C; cd "$1" || exit 0
    ${look}
    [ "$(cat ".tazpod/$4")" = "$(look)" ] ) || exit 6
fi
( f=$1; n=$#; shift "$((n < 4 ? n : 4))"; unlink_all "$f" "$@" )
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
# a watcher may be writing there right now
chmod -R u+rwX -- "$d" && { rm -rf -- "$d" || rm -rf -- "$d" || exit 4; }`;

/** Writes the folder as a tar to stdout. Before, notes how it looks in tazpod's own file $2, if there is a name and room. */
export const archive = `export LC_ALL=C
[ -z "$2" ] || ( umask 077; cd "$1" || exit
  ${look}
  look > ".tazpod/$2" || rm -f ".tazpod/$2" ) 2>/dev/null
exec tar -c -f - -C "$1" .`;
