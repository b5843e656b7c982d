/**
 * Shell functions that link paths of the home into the secrets folder. `.tazpod/bridges` in it lists the links, so that
 * they are removed with its content whatever the settings say by then.
 */

/**
 * In these functions, `$1` is the secrets folder; a link is ours if it leads there. TAZPOD_HOME names the home where the
 * folder is not in it, as in a pod.
 */
const isOurLink = `home_of() { printf %s "\${TAZPOD_HOME:-\${1%/*}}"; }
is_our_link() { [ -L "$2" ] && case $(readlink "$2") in "$1"/*) ;; *) false ;; esac; }`;

/** `unlink_all FOLDER PATH...` removes our links at these paths of the home, and the listed ones. */
export const unlinkAll = `${isOurLink}
unlink_all() {
  s=$1 h=$(home_of "$1"); shift
  for p; do is_our_link "$s" "$h/$p" && rm -f -- "$h/$p"; done
  [ -e "$s/.tazpod/bridges" ] && while IFS= read -r p; do
    is_our_link "$s" "$h/$p" && rm -f -- "$h/$p"
  done < "$s/.tazpod/bridges"
  :
}`;

/** `unlink_dangling FOLDER` removes the listed links whose target is gone. */
export const unlinkDangling = `${isOurLink}
unlink_dangling() {
  h=$(home_of "$1")
  [ -e "$1/.tazpod/bridges" ] && while IFS= read -r p; do
    is_our_link "$1" "$h/$p" && ! [ -e "$h/$p" ] && rm -f -- "$h/$p"
  done < "$1/.tazpod/bridges"
  :
}`;

/**
 * `link_paths FOLDER PATH...` links each path of the home to the same path in the folder, where that exists, and
 * removes our dangling links. Prints the paths that it could not link: something else is there, or the home is
 * read-only.
 */
export const linkPaths = `${isOurLink}
link_paths() {
  s=$1 h=$(home_of "$1"); shift
  for p; do
    printf '%s\\n' "$p" >> "$s/.tazpod/bridges"
    [ -e "$s/$p" ] && [ "$h/$p" -ef "$s/$p" ] && continue
    is_our_link "$s" "$h/$p" && rm -f -- "$h/$p"
    [ -e "$s/$p" ] || continue
    if [ -e "$h/$p" ] || [ -L "$h/$p" ]; then printf '%s\\n' "$p"; continue; fi
    case $p in */*) mkdir -p -- "$h/\${p%/*}" ;; esac && ln -s -- "$s/$p" "$h/$p" || printf '%s\\n' "$p"
  done 2>/dev/null
}`;
