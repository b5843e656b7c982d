/**
 * Scripts for any POSIX sh in the container; `$1` is the copy of the project. tazpod's own files are in its `.tazpod`.
 */

/** Packs the whole copy. */
export const packAll = 'export LC_ALL=C; exec tar -c -f - -C "$1" .';

/** The number of files per tar. */
const atOnce = 100;

const packing = (count: number): string => `export LC_ALL=C; cd "$1" || exit 4
set --; r=0
while read -r path; do
  # the dot keeps a newline at the end of a name
  path=$(printf '%b.' "$path"); set -- "$@" "./\${path%.}"
  if [ "$#" -ge ${count} ]; then tar -c -f - "$@" || r=$?; set --; fi
done
[ "$#" = 0 ] || tar -c -f - "$@" || r=$?
exit $r`;

/** Packs the files whose paths are on stdin, in consecutive tars. */
export const packSome = packing(atOnce);

/** Packs each file in its own tar, so that none appears as a hard link. */
export const packEach = packing(1);

/** Unpacks a tar from stdin into a staging folder, after removing leftovers of a killed run. */
export const stage = `d="$1/.tazpod"; umask 077
[ -d "$d" ] || mkdir "$d" || exit 4
chmod 700 "$d" || exit 4
if [ -e "$d/sync" ]; then chmod -R u+rwX "$d/sync"; rm -rf "$d/sync" || exit 4; fi
mkdir "$d/sync" || exit 4
umask 022; exec tar -x -p -f - -C "$d/sync"`;

/**
 * Executes the orders on stdin, one per line: action, mode, expected state of the path (time and size, `-` for
 * nothing, `any`), path; a final line `end` proves that the input is complete. Prints the numbers of the orders
 * that were not done: the path changed in between or cannot be changed.
 */
export const commit = `cd "$1" || exit 4
s=.tazpod/sync; n=0; what=
while read -r what mode look path && [ "$what" != end ]; do
  n=$((n + 1))
  path=$(printf '%b.' "$path"); path="./\${path%.}"
  if [ "$look" != any ]; then
    now=-
    if [ -e "$path" ] || [ -L "$path" ]; then now=$(stat -c %Y:%s "$path"); fi
    [ "$now" = "$look" ] || { echo "$n"; continue; }
  fi
  case $what in
    remove) rm -f "$path" ;;
    rmdir) rmdir "$path" ;;
    mode) chmod "$mode" "$path" ;;
    put)
      if [ -L "$path" ]; then rm -f "$path"; fi
      ! [ -d "$path" ] && mv -f "$s/$path" "$path"
      ;;
  esac 2>/dev/null || echo "$n"
done
[ "$what" = end ] || exit 6
chmod -R u+rwX "$s"; rm -rf "$s"`;
