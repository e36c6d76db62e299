class SessionLatticePuller < Formula
  desc "Pulls coding agents' transcripts for the reads service beside it"
  homepage "https://github.com/session-lattice/session-lattice"
  license "MIT"
  head "https://github.com/session-lattice/session-lattice.git", branch: "main"

  depends_on "session-lattice"

  def install
    # brew knows one service per formula. The program itself is in session-lattice.
    doc.install "docs/architecture.md"
  end

  service do
    run [formula_opt_bin("session-lattice")/"session-lattice", "serve-puller"]
    keep_alive true
    restart_delay 5
    stop_timeout 20
    environment_variables PATH: std_service_path_env
    log_path var/"log/session-lattice-puller.log"
    error_log_path var/"log/session-lattice-puller.log"
  end

  test do
    ENV["SESSION_LATTICE_HOME"] = (testpath/"home").to_s
    system formula_opt_bin("session-lattice")/"session-lattice", "serve-puller", "--sample", "--once"
    assert_path_exists testpath/"home-sample/session-lattice.duckdb"
  end
end
