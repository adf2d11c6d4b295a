// What looks like a secret, also one that nobody has handed in: each class of value by its own look or by the name before it.

export const HIDDEN = '[hidden]';

/** Names whose value is hidden whatever it looks like: of facts, headers, parameters and keys of JSON. */
const SECRET_NAME =
  /^(?:.*[-_.])?(?:secret|passphrase|password|passwd|pwd|authorization|cookie|signature|private[-_]?key|api[-_]?key|access[-_]?key|access[-_]?token|bot[-_]?token|auth[-_]?token|secretBase64|privateKey|apiKey|accessKey|botToken|authToken|webhook(?:[-_]?url)?)$/i;
/** A path to a secret is none. */
const PATH_NAME = /(?:path|file)$/i;
/** Names of 32 bytes that everybody may see. */
const PUBLIC_NAME = /(?:id|hash|market|condition|transaction|tx)$/i;

const NAMES =
  'secret|passphrase|password|passwd|pwd|authorization|cookie|signature|private[-_]?key|api[-_]?key|access[-_]?key|access[-_]?signature|(?:access|bot|auth)[-_]?token|poly[-_]signature|secretBase64';

interface SecretPattern {
  readonly look: RegExp;
  readonly shown: string;
}

/** In their order: what is named goes first, the bare looks last. */
const PATTERNS: readonly SecretPattern[] = [
  {
    look: /-----BEGIN [A-Z0-9 ]*-----[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g,
    shown: HIDDEN,
  },
  // Headers: everything to the end of the value.
  { look: /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^\r\n"',;}]+/gi, shown: `$1${HIDDEN}` },
  { look: /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/g, shown: `$1 ${HIDDEN}` },
  // user:password@ of any URL.
  { look: /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(@)/gi, shown: `$1${HIDDEN}$2` },
  // Webhooks: whoever knows the path may write.
  {
    look: /(hooks\.slack(?:-gov)?\.com\/)(?:services|workflows|triggers)\/[^\s"'<>]+/gi,
    shown: `$1${HIDDEN}`,
  },
  { look: /(discord(?:app)?\.com\/api(?:\/v\d+)?\/webhooks\/)[^\s"'<>]+/gi, shown: `$1${HIDDEN}` },
  { look: /(\/bot)\d{5,}:[A-Za-z0-9_-]{20,}/g, shown: `$1${HIDDEN}` },
  { look: /\b\d{6,12}:[A-Za-z0-9_-]{30,}/g, shown: HIDDEN },
  // Tokens in URLs.
  {
    look: /([?&](?:token|key|sig|access_token|api_key|apikey|auth|secret|signature|password)=)[^\s&"'#]+/gi,
    shown: `$1${HIDDEN}`,
  },
  // name=value, name: value, "name":"value"; escaped quotes too.
  {
    look: new RegExp(
      `((?:^|[^A-Za-z0-9])(?:[A-Za-z0-9]+[-_])*(?:${NAMES})\\\\?["']?\\s*[:=]\\s*\\\\?["']?)(?!\\[hidden\\])[^\\s"'\\\\,;&}]+`,
      'gi',
    ),
    shown: `$1${HIDDEN}`,
  },
  // JSON web tokens.
  { look: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, shown: HIDDEN },
  // Signatures of orders: 65 bytes and more.
  { look: /\b(0x)?[0-9a-fA-F]{130,}\b/g, shown: HIDDEN },
];
/** A private key looks like a hash: enough is left to know an order again, and no key can be made of it. */
const HEX_KEY = /\b((?:0x)?[0-9a-fA-F]{6})[0-9a-fA-F]{58}\b/g;

/** Whether a fact of this name is hidden whole. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !PATH_NAME.test(name);
}

/** `name`: of the fact whose value this is. */
export function hidePatterns(text: string, name = ''): string {
  let hidden = text;
  for (const { look, shown } of PATTERNS) hidden = hidden.replace(look, shown);
  return PUBLIC_NAME.test(name) ? hidden : hidden.replace(HEX_KEY, `$1…${HIDDEN}`);
}
