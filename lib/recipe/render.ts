const placeholder = /\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}/g;

/**
 * Fills each `{{name}}` of `text` from `vars`. Other braces, such as `{{.Names}}`, are left as they are.
 * Names were checked when the recipe was loaded, so one without a value is a bug and throws.
 */
export function render(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(placeholder, (_, name: string) => {
    const value = Object.hasOwn(vars, name) ? vars[name] : undefined;
    if (value === undefined) throw new Error(`{{${name}}} has no value in ${JSON.stringify(text)}`);
    return value;
  });
}

/** Like `render`, for a text that words from elsewhere were put into: what has no value stays as it is. */
export function renderKnown(text: string, vars: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    placeholder,
    (all, name: string) => (Object.hasOwn(vars, name) ? vars[name] : undefined) ?? all,
  );
}

/** The names that `text` asks for, each once. */
export function placeholders(text: string): readonly string[] {
  return [...new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ""))];
}
