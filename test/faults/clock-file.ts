// SPDX-License-Identifier: GPL-3.0-or-later

/** Variable with the path of the file that says by how much the clock of a run is wrong. */
export const clockVariable = 'ALPY_FAULTS_CLOCK';
/** Its name in the folder for temporary files of the campaign's project. */
export const clockFile = 'clock';
