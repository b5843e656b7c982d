import { fileURLToPath } from "node:url";

/** The folder of this package: where tazpod.tasks.yaml and schema/ are (dist/lib/host is three below it). */
export const packageRoot = fileURLToPath(new URL("../../../", import.meta.url));
