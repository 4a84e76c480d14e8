/**
 * Whether all of `text` matches `pattern`, where `*` stands for any characters and `?` for one.
 * Takes at most pattern × text steps whatever the caller sends, which a regular expression would not promise.
 */
export function matchGlob(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let starText = 0;
  while (inText < text.length) {
    if (pattern[inPattern] === "*") {
      star = inPattern++;
      starText = inText;
    } else if (pattern[inPattern] === "?" || pattern[inPattern] === text[inText]) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      // Let the last star take one character more and try again from behind it.
      inPattern = star + 1;
      inText = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === "*") {
    inPattern++;
  }
  return inPattern === pattern.length;
}
