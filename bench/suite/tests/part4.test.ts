// SPDX-License-Identifier: GPL-3.0-or-later
import { balancesHttp, forwardsIpv4, limitsRate } from '../reference-tests.ts';

limitsRate();
balancesHttp();
forwardsIpv4();
