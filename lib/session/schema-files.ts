import { join } from "node:path";
import { readProjectFile } from "../host/project-file.js";
import { configSchemaName } from "../project/defaults.js";

/**
 * The schemas that `init` puts into a project for editors, with the texts of this tazpod, by absolute path. They are
 * loaded only here.
 */
export async function schemaFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const [{ configSchema }, { tasksSchema }] = await Promise.all([
    import("../project/check-config.js"),
    import("../recipe/tasks-schema.js"),
  ]);
  const text = ({ schema }: { readonly schema: unknown }): string => `${JSON.stringify(schema, null, 2)}\n`;
  return {
    [join(root, ".tazpod", configSchemaName)]: text(configSchema),
    [join(root, ".tazpod", "tasks.schema.json")]: text(tasksSchema),
  };
}

/** Returns the schemas of a project that another tazpod has written. One that is missing or no file is left out. */
export async function otherSchemas(root: string): Promise<readonly string[]> {
  const files = Object.entries(await schemaFiles(root));
  const found = await Promise.all(files.map(([path]) => readProjectFile(root, path)));
  return files.flatMap(([path, text], index) => {
    const file = found[index];
    return file?.ok === true && file.value !== undefined && file.value.toString() !== text ? [path] : [];
  });
}
