/**
 * Whether a config says `remote: none`, by its text: to read it all takes longer than a prompt should. Undefined where that
 * takes a reader of YAML: whatever is quoted, in braces, on several lines, or only may mean something else.
 */
export function isRemoteNone(text: string): boolean | undefined {
  if (!/none|\\/.test(text)) return false;
  // in what is left nothing is quoted, so that nothing but a comment was taken away
  const bare = text.replace(/(^|[ \t])#.*$/gm, "");
  if (/["'{}[\]|>&*!%?\\]|^(?:---|\.\.\.)/m.test(bare)) return undefined;
  const lines = bare.split(/\r?\n/).filter((line) => line.trim() !== "");
  const at = lines.findIndex((line) => /^remote:[ \t]+none[ \t]*$/.test(line));
  // a line that is indented goes on with the value of the one before
  return at !== -1 && !/^[ \t]/.test(lines[at + 1] ?? "") ? true : undefined;
}
