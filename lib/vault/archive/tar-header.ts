/**
 * Writes tar headers that every tar reads, including busybox and the Go tazpod: ustar with raw UTF-8 names, and a GNU
 * long-name record where a name does not fit. (tar-stream writes pax records, which busybox skips: the file would be
 * named "PaxHeader".)
 */
export interface TarEntry {
  readonly path: string;
  readonly type: "file" | "directory" | "link";
  /** The low nine bits. */
  readonly mode: number;
  /** Size of the content in bytes; 0 for anything but a file. */
  readonly size: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** The target of a link. */
  readonly target?: string;
}

/** The latest time that a header can store, in seconds since 1970. */
export const latestTime = 0o77777777777;

const block = 512;
const flags = { file: "0", directory: "5", link: "2", longName: "L", longTarget: "K" } as const;
const ustar = Buffer.from("ustar\u000000", "latin1");
const gnu = Buffer.from("ustar  \0", "latin1");

/** Two blocks of zeros end an archive. */
export const endOfTar: Buffer = Buffer.alloc(2 * block);

/** Returns the zeros that complete the last block of a file with `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

/** Returns the header blocks of an entry; its content and `padding` follow. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = Buffer.from(entry.type === "directory" ? `${entry.path}/` : entry.path);
  const target = Buffer.from(entry.target ?? "");
  const split = splitName(name);
  const parts: Buffer[] = [];
  if (split === undefined) parts.push(longRecord(flags.longName, name));
  if (target.length > 100) parts.push(longRecord(flags.longTarget, target));
  const short = split ?? { prefix: Buffer.alloc(0), name: name.subarray(0, 100) };
  const magic = parts.length > 0 ? gnu : ustar;
  const own = header({ ...entry, ...short, target: target.subarray(0, 100), flag: flags[entry.type], magic });
  return parts.length === 0 ? own : Buffer.concat([...parts, own]);
}

/** Splits a name for ustar: 100 bytes for the name and 155 for the folders before it, at a slash. */
function splitName(name: Buffer): { prefix: Buffer; name: Buffer } | undefined {
  if (name.length <= 100) return { prefix: Buffer.alloc(0), name };
  const slash = name.indexOf("/", name.length - 101);
  if (slash < 1 || slash > 155 || slash === name.length - 1) return undefined;
  return { prefix: name.subarray(0, slash), name: name.subarray(slash + 1) };
}

function longRecord(flag: string, text: Buffer): Buffer {
  const size = text.length + 1;
  const name = Buffer.from("././@LongLink");
  const none = Buffer.alloc(0);
  const head = header({ name, prefix: none, target: none, mode: 0o644, size, mtime: 0, flag, magic: gnu });
  return Buffer.concat([head, text, Buffer.alloc(1), padding(size)]);
}

interface Fields {
  readonly name: Buffer;
  readonly prefix: Buffer;
  readonly target: Buffer;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly magic: Buffer;
}

function header(fields: Fields): Buffer {
  const buffer = Buffer.alloc(block);
  const octal = (value: number, at: number, digits: number): void => {
    buffer.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  };
  fields.name.copy(buffer, 0);
  octal(fields.mode & 0o777, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(fields.size, 124, 11);
  octal(fields.mtime, 136, 11);
  buffer.fill(" ", 148, 156);
  buffer.write(fields.flag, 156, "latin1");
  fields.target.copy(buffer, 157);
  fields.magic.copy(buffer, 257);
  fields.prefix.copy(buffer, 345);
  // with an iterator, a header takes a quarter more time
  let sum = 0;
  for (let at = 0; at < block; at++) sum += buffer[at] ?? 0;
  octal(sum, 148, 6);
  buffer[154] = 0;
  return buffer;
}

/** Returns whether bytes begin like a tar: with a header whose checksum is right, or with its end. */
export function isTar(bytes: Buffer): boolean {
  const header = bytes.subarray(0, block);
  if (header.length < block) return false;
  if (header.every((byte) => byte === 0)) return true;
  const stored = /^ *([0-7]+)[ \0]/.exec(header.toString("latin1", 148, 156))?.[1];
  // the sum is taken with blanks in its own place
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return stored !== undefined && Number.parseInt(stored, 8) === sum;
}

/** Returns the folders that a path lies in, outermost first. */
export function foldersAbove(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
