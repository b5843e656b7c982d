/**
 * The functions of node:fs that are used. An `import` would load all of it, including streams, which takes a tenth of a
 * short run.
 */
const fs = process.getBuiltinModule("node:fs");
export const { constants, createReadStream, existsSync, readFileSync, realpathSync, statSync } = fs;
export const {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} = fs;

/** Reads the next bytes from a file descriptor: none at its end. */
export const readSome = (fd: number): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    fs.read(fd, (error, bytes, buffer) =>
      error ? reject(error) : resolve(buffer.subarray(0, bytes) as Buffer),
    ),
  );
