import { dirname } from "node:path";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "./node-fs.js";

/**
 * Writes a file of the user's cache, for the user alone, completely or not at all. A folder that cannot be written is no
 * failure: the next run makes the content again. Returns whether it was written.
 */
export function writeCacheFile(path: string, content: Buffer | string): boolean {
  const temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeWhole(temporary, content);
    renameSync(temporary, path);
    return true;
  } catch {
    return false;
  }
}

/** Creates a file that is on the disk; none if that fails. */
function writeWhole(path: string, content: Buffer | string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, content);
    // V8 does not notice all damage that a crash of the machine could leave
    fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
