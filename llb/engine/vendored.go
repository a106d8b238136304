package engine

import (
	"io"
	"path"

	"github.com/moby/buildkit/session/upload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// vendored serves files to an engine that downloads them from http://buildkit-session/NAME. Unlike
// BuildKit's own server of that kind, it serves a file whenever it is asked.
type vendored func(name string) (io.ReadCloser, error)

// Register implements session.Attachable.
func (v vendored) Register(server *grpc.Server) { upload.RegisterUploadServer(server, v) }

// maxMessage is below the limit of gRPC, 4 MiB.
const maxMessage = 1 << 20

// Pull implements upload.UploadServer.
func (v vendored) Pull(stream upload.Upload_PullServer) error {
	asked, _ := metadata.FromIncomingContext(stream.Context())
	urls := asked.Get("urlpath")
	if v == nil || len(urls) == 0 {
		return status.Error(codes.NotFound, "no such file")
	}
	file, err := v(path.Base(urls[0]))
	if err != nil {
		return status.Error(codes.NotFound, err.Error())
	}
	defer file.Close()
	_, err = io.CopyBuffer(sender{stream}, struct{ io.Reader }{file}, make([]byte, maxMessage))
	return err
}

// sender sends what is written to it.
type sender struct{ to upload.Upload_PullServer }

func (s sender) Write(text []byte) (int, error) {
	return len(text), s.to.SendMsg(&upload.BytesMessage{Data: text})
}
