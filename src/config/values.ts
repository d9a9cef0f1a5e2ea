// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { isPattern } from './pattern.ts';

/** Text that is not empty. */
export const text = z.string().min(1);

/** What a console prints: text, or a regular expression between slashes. */
export const pattern = text.refine(isPattern, { error: 'text or a valid /regular expression/' });

/** A path of the file system. */
export const path = text.refine((value) => !value.includes('\0'), { error: 'a path without NUL' });
