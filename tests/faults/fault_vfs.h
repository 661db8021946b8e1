/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that fails: SQLite's own file layer with a counter in front of each write, sync and truncation.
 *
 * fault_arm(n, kind, stays) lets n of the operations of that kind pass; the next one fails, and with `stays` all that follow. Reads
 * and locks always work. fault_fired tells how many failed.
 */
#ifndef MENTORSHIP_FAULT_VFS_H
#define MENTORSHIP_FAULT_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "store/engine_inside.h"

enum fault_kind {
	FAULT_WRITE = 1,
	FAULT_SYNC = 2,
	FAULT_FULL = 4
};

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
};

static struct {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	int left, fired, seen;
	int kind;
	bool stays, armed;
} fault;
static sqlite3_io_methods fault_methods;

static inline void fault_arm(int passing, int kind, bool stays)
{
	fault.left = passing;
	fault.kind = kind;
	fault.stays = stays;
	fault.fired = fault.seen = 0;
	fault.armed = true;
}

static inline void fault_disarm(void)
{
	fault.armed = false;
}

static inline bool fault_now(int kinds)
{
	if (!fault.armed || !(fault.kind & kinds))
		return false;
	fault.seen++;
	if (fault.left-- > 0 || (fault.fired && !fault.stays))
		return false;
	fault.fired++;
	return true;
}

static inline sqlite3_file *fault_real(sqlite3_file *file)
{
	return ((struct fault_file *)file)->real;
}

static inline int fault_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	if (fault_now(FAULT_WRITE | FAULT_FULL))
		return fault.kind & FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
	return fault_real(file)->pMethods->xWrite(fault_real(file), data, size, at);
}

static inline int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return fault_now(FAULT_WRITE) ? SQLITE_IOERR_TRUNCATE : fault_real(file)->pMethods->xTruncate(fault_real(file), size);
}

static inline int fault_sync(sqlite3_file *file, int flags)
{
	return fault_now(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : fault_real(file)->pMethods->xSync(fault_real(file), flags);
}

static inline int fault_close(sqlite3_file *file)
{
	return fault_real(file)->pMethods->xClose(fault_real(file));
}

static inline int fault_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	return fault_real(file)->pMethods->xRead(fault_real(file), data, size, at);
}

static inline int fault_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return fault_real(file)->pMethods->xFileSize(fault_real(file), ret);
}

static inline int fault_lock(sqlite3_file *file, int level)
{
	return fault_real(file)->pMethods->xLock(fault_real(file), level);
}

static inline int fault_unlock(sqlite3_file *file, int level)
{
	return fault_real(file)->pMethods->xUnlock(fault_real(file), level);
}

static inline int fault_reserved(sqlite3_file *file, int *ret)
{
	return fault_real(file)->pMethods->xCheckReservedLock(fault_real(file), ret);
}

static inline int fault_control(sqlite3_file *file, int what, void *argument)
{
	return fault_real(file)->pMethods->xFileControl(fault_real(file), what, argument);
}

static inline int fault_sector(sqlite3_file *file)
{
	return fault_real(file)->pMethods->xSectorSize(fault_real(file));
}

static inline int fault_device(sqlite3_file *file)
{
	return fault_real(file)->pMethods->xDeviceCharacteristics(fault_real(file));
}

static inline int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	return fault_real(file)->pMethods->xShmMap(fault_real(file), page, size, extend, ret);
}

static inline int fault_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return fault_real(file)->pMethods->xShmLock(fault_real(file), offset, n, flags);
}

static inline void fault_shm_barrier(sqlite3_file *file)
{
	fault_real(file)->pMethods->xShmBarrier(fault_real(file));
}

static inline int fault_shm_unmap(sqlite3_file *file, int remove)
{
	return fault_real(file)->pMethods->xShmUnmap(fault_real(file), remove);
}

static inline int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct fault_file *fault_one = (struct fault_file *)file;
	int rc;

	(void)vfs;
	fault_one->real = (sqlite3_file *)(fault_one + 1);
	rc = fault.real->xOpen(fault.real, name, fault_one->real, flags, ret_flags);
	file->pMethods = fault_one->real->pMethods ? &fault_methods : NULL;
	return rc;
}

/* Becomes the layer of all connections opened from now on. */
static inline void fault_install(void)
{
	engine_configure();
	fault.real = sqlite3_vfs_find(NULL);
	fault.vfs = *fault.real;
	fault.vfs.zName = "fault";
	fault.vfs.szOsFile = (int)sizeof(struct fault_file) + fault.real->szOsFile;
	fault.vfs.xOpen = fault_open;
	fault_methods = (sqlite3_io_methods){
		.iVersion = 2,
		.xClose = fault_close,
		.xRead = fault_read,
		.xWrite = fault_write,
		.xTruncate = fault_truncate,
		.xSync = fault_sync,
		.xFileSize = fault_size,
		.xLock = fault_lock,
		.xUnlock = fault_unlock,
		.xCheckReservedLock = fault_reserved,
		.xFileControl = fault_control,
		.xSectorSize = fault_sector,
		.xDeviceCharacteristics = fault_device,
		.xShmMap = fault_shm_map,
		.xShmLock = fault_shm_lock,
		.xShmBarrier = fault_shm_barrier,
		.xShmUnmap = fault_shm_unmap,
	};
	sqlite3_vfs_register(&fault.vfs, 1);
}

#endif
