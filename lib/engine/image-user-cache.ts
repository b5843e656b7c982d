import { join } from "node:path";
import { makeFolder, readText, writeAtomic } from "../host/files.js";
import { parseJson } from "../host/json.js";
import { stateFolder } from "../host/paths.js";
import { ok, type Result } from "../failure/result.js";
import type { ContainerUser, Engine } from "./engine.js";

/** A user of an image. An image's id is a hash of its content, so this never changes. */
interface Known extends ContainerUser {
  readonly imageId: string;
  readonly user: string;
}

const most = 50;

const file = (): string => join(stateFolder(), "users.json");

/**
 * Returns a user of an image. Looking it up starts a container, about as slow as creating one, so the result is cached
 * for images with a content id. Failures: those of `lookUp`.
 */
export async function cachedImageUser(
  engine: Engine,
  image: { readonly name: string; readonly id: string | undefined },
  user: string,
): Promise<Result<ContainerUser>> {
  const id = /^(sha256:)?[0-9a-f]{64}$/.test(image.id ?? "") ? image.id : undefined;
  const known = await read();
  const found = known.find((one) => one.imageId === id && one.user === user);
  if (found !== undefined) return ok({ uid: found.uid, gid: found.gid, home: found.home });
  const asked = await engine.lookUp(image.name, user);
  if (asked.ok && id !== undefined) await write([...known, { imageId: id, user, ...asked.value }]);
  return asked;
}

/** Returns nothing for a file that is missing or invalid. */
async function read(): Promise<readonly Known[]> {
  const text = await readText(file());
  const value = parseJson((text.ok ? text.value : undefined) ?? "[]");
  return Array.isArray(value) ? value.filter(isKnown) : [];
}

/** Ignores errors: without the file, the user is looked up again. */
async function write(known: readonly Known[]): Promise<void> {
  const made = await makeFolder(stateFolder());
  if (made.ok) await writeAtomic(file(), `${JSON.stringify(known.slice(-most))}\n`);
}

function isKnown(value: unknown): value is Known {
  if (typeof value !== "object" || value === null) return false;
  const { imageId, user, uid, gid, home } = value as Partial<Known>;
  return (
    [imageId, user, home].every((text) => typeof text === "string") &&
    [uid, gid].every((number) => Number.isSafeInteger(number)) &&
    home?.startsWith("/") === true
  );
}
