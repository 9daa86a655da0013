package cache

import "io/fs"

// fileID tells whether a file is still the one it was: whoever changes its
// bytes changes one of these, unless on purpose.
type fileID struct {
	dev, ino     uint64
	size         int64
	mtime, ctime int64  // ns since 1970
	path         string // instead of dev and ino, where the system has none
}

func identify(path string, info fs.FileInfo) fileID {
	id := fileID{size: info.Size(), mtime: info.ModTime().UnixNano()}
	var ok bool
	if id.dev, id.ino, id.ctime, ok = inode(info); !ok {
		id.path = path
	}
	return id
}
