// What the control server says no with: a status of HTTP, a stable code, and a sentence for a person.

export class ControlError extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

export function notFound(what: string): ControlError {
  return new ControlError(404, 'NOT_FOUND', what);
}
