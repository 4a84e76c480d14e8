/**
 * The text without the secrets: as they are, percent-encoded, and in base64, alone or behind a user's name. For what an
 * upstream says about an error, which may repeat what it was sent.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const form of secrets.filter((secret) => secret !== "").flatMap(formsOf)) {
    result = result.replaceAll(form, "[secret]");
  }
  return result;
}

function formsOf(secret: string): string[] {
  // In base64 the same bytes have three spellings, by where they begin; those that depend on the neighbours are cut off.
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from("\0".repeat(shift) + secret, "latin1")
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice([0, 2, 3][shift], -1);
  });
  const urlSafe = shifted.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  const hex = Buffer.from(secret, "latin1").toString("hex");
  return [secret, encodeURIComponent(secret), ...shifted, ...urlSafe, hex].filter((form) => form.length >= 4);
}
