/** Bytes from text such as `02 0000 0001 "git"`: hex digits with any spacing, text in double quotes, comments after `#`. */
export function bytes(text: string): Uint8Array {
  const parts = text.replaceAll(/#.*$/gmu, "").matchAll(/"(?<quoted>[^"]*)"|(?<digits>[^\s"]+)/gu);
  const encoder = new TextEncoder();
  return concat(
    ...Array.from(parts, ({ groups }) =>
      groups?.["quoted"] === undefined
        ? Uint8Array.fromHex(groups?.["digits"] ?? "")
        : encoder.encode(groups["quoted"]),
    ),
  );
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The payload of an encoded message. */
export function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray(5);
}

/** Numbers as u8, u16 and u32 in hex, for limits that are easier to read in decimal. */
export function u32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
