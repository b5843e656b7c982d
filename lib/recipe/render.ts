const placeholder = /\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}/g;

/**
 * Fills in each `{{name}}` of `text`. Other braces, such as `{{.Names}}`, stay. Names were checked when the recipe was
 * loaded, so a missing value is a bug and throws.
 */
export function render(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(placeholder, (_, name: string) => {
    const value = Object.hasOwn(vars, name) ? vars[name] : undefined;
    if (value === undefined) throw new Error(`{{${name}}} has no value in ${JSON.stringify(text)}`);
    return value;
  });
}

/** Like `render`, for text that contains foreign text: placeholders without a value stay. */
export function renderKnown(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    placeholder,
    (all, name: string) => (Object.hasOwn(vars, name) ? vars[name] : undefined) ?? all,
  );
}

/** Returns the names of all placeholders, each once. */
export function placeholders(text: string): readonly string[] {
  return [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ""))];
}
