package watch

import "golang.org/x/sys/unix"

// remote reports whether a folder lies on a file system that others may change
// without this system's noticing: there are no events of theirs. The numbers
// are those of statfs(2).
func remote(dir string) bool {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return false
	}
	switch uint32(s.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC,
		unix.FUSE_SUPER_MAGIC, unix.V9FS_MAGIC, unix.AFS_SUPER_MAGIC, unix.CODA_SUPER_MAGIC, unix.CEPH_SUPER_MAGIC,
		0x786f4256, // shared folders of VirtualBox
		0x0bd00bd0: // Lustre
		return true
	}
	return false
}
