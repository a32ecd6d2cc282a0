# The template of the formula for brew: `python -m hack.release.indexes` fills it in.
class KubectlDshell < Formula
  desc "Shell in the files of a container that has none, as the app's own user"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license "Apache-2.0"

@PLATFORMS@
  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"kubectl-dshell"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kubectl-dshell --version")
  end
end
