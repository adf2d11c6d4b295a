// What simulated exchanges can be asked through their control server: the truth of their markets, and their own books.
import type { z } from 'zod';
import {
  type AccountsReply,
  accountsSchema,
  type TruthReply,
  truthSchema,
} from './exchange-replies.js';

export interface ExchangeQuestions {
  truth(timeoutMs: number): Promise<TruthReply>;
  accounts(timeoutMs: number): Promise<AccountsReply>;
}

export function exchangeQuestions(controlUrl: string): ExchangeQuestions {
  return {
    truth: (timeoutMs) => ask(`${controlUrl}/truth`, truthSchema, timeoutMs),
    accounts: (timeoutMs) => ask(`${controlUrl}/accounts`, accountsSchema, timeoutMs),
  };
}

async function ask<T>(url: string, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(Math.max(1, Math.round(timeoutMs))),
  });
  if (!response.ok) throw new Error(`simulator refuses: url=${url} status=${response.status}`);
  return schema.parse(await response.json());
}
