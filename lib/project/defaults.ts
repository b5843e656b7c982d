import { basename } from "node:path";
import { defaultBucket } from "../aws/client-config.js";

/** Defaults of the config, and what `init` writes. */
export const defaults = {
  image: "tazzo/tazpod-ai:latest",
  user: "tazpod",
  bucket: defaultBucket,
  region: "eu-central-1",
  key: "tazpod/vault/vault.tar.aes",
  secretsBytes: 64 * 1024 * 1024,
  /** Takes 1 GiB of memory and a few seconds. */
  workFactor: 20,
} as const;

/** Returns `<folder>-lab`, without characters that engines forbid in names. */
export function containerName(root: string): string {
  const folder = basename(root)
    .replace(/[^a-zA-Z0-9_.-]+/g, "-")
    .replace(/^[^a-zA-Z0-9]+/, "");
  return `${folder === "" ? "tazpod" : folder}-lab`;
}

/** The file name of the config's schema; `init` puts a copy next to the config, where editors find it. */
export const configSchemaName = "config.schema.json";

/** The text of .tazpod/.gitignore, which keeps the sealed vault and local settings out of the repository. */
export const ignoreText = `# Written by tazpod: what must not be committed
/vault/
/*.local.yaml
`;

/** What the .gitignore of the project's folder needs: the local recipe, which is outside .tazpod/. */
export const rootIgnoreLine = "/tazpod.tasks.local.yaml";
