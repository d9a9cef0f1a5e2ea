// SPDX-License-Identifier: GPL-3.0-or-later
// A program that asks twice how to log in, and prints the answers.
import { loginQuestions } from '../../src/cli/ask-login.ts';

const answers: unknown[] = [];
{
  using questions = loginQuestions(new AbortController().signal);
  answers.push(await questions.ask('guest login:', undefined));
  answers.push(await questions.ask('guest login:', 'refused'));
}
process.stdout.write(`answers: ${JSON.stringify(answers)}\n`);
