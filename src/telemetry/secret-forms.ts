// The forms in which a secret can turn up in a text: as it is, escaped, encoded, in another alphabet, in pieces. Pure functions.

/** Shorter pieces would blot out ordinary words, and tell nobody anything. */
const MIN_PIECE_CHARS = 8;
const HEX_KEY = /^(?:0x)?([0-9a-fA-F]{64})$/;
const BASE64 = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;

/** Every form of one secret, without doubles; `value` is not empty. */
export function secretForms(value: string): string[] {
  const forms = new Set<string>();
  const trimmed = value.trim();
  // Pieces are many, and each form is looked for in each line: they are taken as they are.
  for (const piece of [...pemPieces(trimmed), ...urlPieces(trimmed)]) forms.add(piece);
  for (const raw of rawForms(value)) {
    forms.add(raw);
    for (const each of escapedForms(raw)) forms.add(each);
    for (const each of base64Forms(Buffer.from(raw, 'utf8'))) forms.add(each);
  }
  for (const bytes of keyBytes(value)) {
    for (const each of base64Forms(bytes)) forms.add(each);
    for (const each of hexForms(bytes.toString('hex'))) forms.add(each);
  }
  return [...forms];
}

function rawForms(value: string): string[] {
  const trimmed = value.trim();
  const raw = new Set([value, trimmed]);
  const hex = HEX_KEY.exec(trimmed)?.[1];
  if (hex !== undefined) for (const each of hexForms(hex)) raw.add(each);
  if (BASE64.test(trimmed)) for (const each of alphabets(trimmed)) raw.add(each);
  return [...raw].filter((each) => each !== '');
}

function hexForms(hex: string): string[] {
  return [hex, hex.toLowerCase(), hex.toUpperCase()];
}

/** A line of a PEM file is told alone where a text breaks at its line ends. */
function pemPieces(value: string): string[] {
  if (!value.includes('-----BEGIN')) return [];
  const lines = value
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('-----'));
  const joints = ['', ' ', '\n', '\r\n', '\\n'];
  return [...lines, ...joints.map((joint) => lines.join(joint))].filter(isPiece);
}

/** What an error says of a call is often its path alone; of a database it is the password. */
function urlPieces(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return [];
  const { pathname, search, password } = new URL(value);
  const pieces = [pathname, pathname.slice(1), pathname + search].filter(isPiece);
  if (password === '') return pieces;
  return [...pieces, password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isPiece(text: string): boolean {
  return text.length >= MIN_PIECE_CHARS;
}

/** In JSON, in JSON within JSON, and in a URL, by either rule and in either case. */
function escapedForms(raw: string): string[] {
  const json = jsonText(raw);
  const forms = [json, jsonText(json), new URLSearchParams([['', raw]]).toString().slice(1)];
  if (raw.isWellFormed()) forms.push(encodeURIComponent(raw));
  return forms.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())]);
}

function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * Base64 of a text that holds these bytes anywhere: three alignments, and of each only the characters that the neighbours
 * cannot change.
 */
function base64Forms(bytes: Buffer): string[] {
  // By itself it ends in a character and a padding that no neighbour changes.
  const forms = alphabets(bytes.toString('base64'));
  for (let before = 0; before < 3; before++) {
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const core = text.slice(first, end);
    if (core.length >= 4) forms.push(...alphabets(core));
  }
  return forms;
}

function alphabets(base64: string): string[] {
  const normal = base64.replaceAll('-', '+').replaceAll('_', '/');
  const safe = normal.replaceAll('+', '-').replaceAll('/', '_');
  return [normal, safe].flatMap((each) => [each, each.replace(/=+$/, '')]);
}

/** The bytes that a key's text stands for: they may be told in the other notation. */
function keyBytes(value: string): Buffer[] {
  const trimmed = value.trim();
  const hex = HEX_KEY.exec(trimmed)?.[1];
  if (hex !== undefined) return [Buffer.from(hex, 'hex')];
  const bytes = BASE64.test(trimmed) ? Buffer.from(trimmed, 'base64') : Buffer.alloc(0);
  return bytes.length >= MIN_PIECE_CHARS * 2 ? [bytes] : [];
}
