// SPDX-License-Identifier: GPL-3.0-or-later
import { referenceTests } from '../reference-tests.ts';

referenceTests();
