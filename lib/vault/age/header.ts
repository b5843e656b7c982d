/**
 * The header of an age file (https://c2sp.org/age): a version line, stanzas that each wrap the file key, and a MAC.
 * Read strictly, since there is one way to write one: anything else is refused.
 */
export interface Stanza {
  /** The recipient's type first. */
  readonly args: readonly string[];
  readonly body: Buffer;
}

export interface Header {
  readonly stanzas: readonly Stanza[];
  /** What the MAC is over: everything up to and with `---`. */
  readonly covered: Buffer;
  readonly mac: Buffer;
}

const versionLine = "age-encryption.org/v1";

const columns = 64;
const macBytes = 32;

/** The length of the header in `head`, its last newline included; undefined while the end has not come yet. */
export function headerLength(head: Buffer): number | undefined {
  const footer = head.indexOf("\n---");
  const end = footer === -1 ? -1 : head.indexOf("\n", footer + 1);
  return end === -1 ? undefined : end + 1;
}

/** Undefined for bytes that are not a header as the specification has it. */
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

/** What the MAC of a header with these stanzas is over. */
export function coveredBytes(stanzas: readonly Stanza[]): Buffer {
  const parts = stanzas.map(({ args, body }) => {
    const text = encode(body);
    const lines: string[] = [];
    for (let at = 0; at <= text.length; at += columns) lines.push(text.slice(at, at + columns));
    return `-> ${args.join(" ")}\n${lines.join("\n")}\n`;
  });
  return Buffer.from(`${versionLine}\n${parts.join("")}---`, "latin1");
}

/** The bytes of a whole header. */
export function headerBytes(covered: Buffer, mac: Buffer): Buffer {
  return Buffer.concat([covered, Buffer.from(` ${encode(mac)}\n`, "latin1")]);
}

export function encode(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Base64 without padding, in the one way it can be written; undefined for anything else. */
export function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return encode(bytes) === text ? bytes : undefined;
}
