/**
 * The header of an age file (https://c2sp.org/age): a version line, stanzas that each wrap the file key, and a MAC. The
 * parser is strict: it accepts only the canonical encoding.
 */
export interface Stanza {
  /** The first argument is the recipient type. */
  readonly args: readonly string[];
  readonly body: Buffer;
}

/** A parsed header. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  /** The bytes that the MAC covers: everything up to and including `---`. */
  readonly covered: Buffer;
  readonly mac: Buffer;
}

const versionLine = "age-encryption.org/v1";

const columns = 64;
const macBytes = 32;

/** Returns the length of the header in `head`, including its last newline; undefined when `head` ends before it. */
export function headerLength(head: Buffer): number | undefined {
  const footer = head.indexOf("\n---");
  const end = footer === -1 ? -1 : head.indexOf("\n", footer + 1);
  return end === -1 ? undefined : end + 1;
}

/** Parses a header; undefined when the bytes do not follow the specification. */
export function parseHeader(bytes: Buffer): Header | undefined {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.pop() !== "" || lines[0] !== versionLine) return undefined;
  const footer = /^--- ([A-Za-z0-9+/]{43})$/.exec(lines.at(-1) ?? "")?.[1];
  const mac = footer === undefined ? undefined : decode(footer);
  const stanzas = parseStanzas(lines.slice(1, -1));
  if (mac?.length !== macBytes || stanzas === undefined) return undefined;
  return { stanzas, covered: bytes.subarray(0, bytes.lastIndexOf("\n---") + 4), mac };
}

function parseStanzas(lines: readonly string[]): Stanza[] | undefined {
  const stanzas: Stanza[] = [];
  for (let at = 0; at < lines.length;) {
    const args = /^->((?: [!-~]+)+)$/.exec(lines[at++] ?? "")?.[1];
    if (args === undefined) return undefined;
    let text = "";
    let line: string | undefined;
    do {
      line = lines[at++];
      if (line === undefined || line.length > columns) return undefined;
      text += line;
    } while (line.length === columns);
    const body = decode(text);
    if (body === undefined) return undefined;
    stanzas.push({ args: args.slice(1).split(" "), body });
  }
  return stanzas;
}

/** Returns the bytes that the MAC of a header with these stanzas covers. */
export function coveredBytes(stanzas: readonly Stanza[]): Buffer {
  const parts = stanzas.map(({ args, body }) => {
    const text = encode(body);
    const lines: string[] = [];
    for (let at = 0; at <= text.length; at += columns) lines.push(text.slice(at, at + columns));
    return `-> ${args.join(" ")}\n${lines.join("\n")}\n`;
  });
  return Buffer.from(`${versionLine}\n${parts.join("")}---`, "latin1");
}

/** Returns the bytes of a complete header. */
export function headerBytes(covered: Buffer, mac: Buffer): Buffer {
  return Buffer.concat([covered, Buffer.from(` ${encode(mac)}\n`, "latin1")]);
}

/** Encodes bytes as base64 without padding. */
export function encode(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Decodes canonical base64 without padding; undefined for anything else. */
export function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return encode(bytes) === text ? bytes : undefined;
}
