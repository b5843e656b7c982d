type Name = "stdin" | "stdout" | "stderr";

/** The first error of each stream that is used. */
const errors = new Map<Name, NodeJS.ErrnoException | undefined>();

/** Returns the stream to which results go. */
export const stdout = (): NodeJS.Process["stdout"] => stream("stdout");

/** Returns the stream to which everything else goes. */
export const stderr = (): NodeJS.Process["stderr"] => stream("stderr");

/** Returns the stream of a file descriptor. */
export const outputOf = (fd: 1 | 2): NodeJS.WriteStream => (fd === 1 ? stdout() : stderr());

export const stdin = (): NodeJS.Process["stdin"] => stream("stdin");

/** Returns why a stream failed, such as that of a terminal that was closed; undefined if it did not, or is not used. */
export const streamError = (name: Name): NodeJS.ErrnoException | undefined => errors.get(name);

/** Returns whether any stream failed. */
export const hasFailedStream = (): boolean => [...errors.values()].some((error) => error !== undefined);

/** Returns whether this process has used a stream. */
export const isUsed = (name: Name): boolean => errors.has(name);

/**
 * Returns a standard stream of this process. Node creates it when it is first used, which takes a millisecond or two, so
 * that commands do without those that they do not need. Its errors do not end this process, which has to clean up, so a
 * library that writes to it must be given it from here.
 */
function stream<N extends Name>(name: N): NodeJS.Process[N] {
  const found = process[name];
  if (!errors.has(name)) {
    errors.set(name, undefined);
    found.on("error", (error) => errors.set(name, errors.get(name) ?? error));
  }
  return found;
}
